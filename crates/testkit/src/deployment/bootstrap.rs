//! Users and rooms to begin with.

use std::fmt::Write as _;

/// Users and rooms that are there when the pool's databases are new.
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    /// Name and password.
    pub users: Vec<(String, String)>,
    /// The part before the `@`.
    pub rooms: Vec<String>,
}

impl Bootstrap {
    /// Users who have their own names for passwords, as nobody should outside of tests.
    pub fn new(users: &[&str], rooms: &[&str]) -> Self {
        Self {
            users: users.iter().map(|it| ((*it).to_owned(), Self::password(it))).collect(),
            rooms: rooms.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    /// The password of a user of [`Bootstrap::new`].
    pub fn password(user: &str) -> String {
        format!("{user} keeps this secret")
    }

    /// The text of the file that `standfast run --bootstrap` reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, password) in &self.users {
            writeln!(text, "[[user]]\nname = {name:?}\npassword = {password:?}\n").expect("memory");
        }
        for room in &self.rooms {
            writeln!(text, "[[room]]\nname = {room:?}\n").expect("memory");
        }
        text
    }
}
