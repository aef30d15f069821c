//! The pool stays up for the audience.

use crate::people::{VISITOR, password, rooms};
use crate::stage::Stage;

/// Says how to connect and what to try.
pub(crate) async fn play(stage: &mut Stage) {
    stage.watch.end();
    stage.people.chat_now_and_then().await;
    let topology = stage.deployment.topology();
    let pool = stage.pool();
    let [port, tls_port] =
        pool.chat().map(|chat| [chat.client_port, chat.client_tls_port]).unwrap_or_default();
    let server = pool.servers.first().and_then(|it| topology.host(it));
    let server = server.map_or_else(String::new, |it| it.address.to_string());
    let room = rooms(pool).into_iter().next().unwrap_or_default();
    let administrator = &stage.administrator;
    let user = if nix::unistd::Uid::effective().is_root() { "runuser -u postgres -- " } else { "" };
    let command = |subcommand: &str, rest: &str| {
        format!(
            "  {user}{} {subcommand} \\\n    --topology {} \\\n    --credential {}{rest}",
            administrator.program.display(),
            administrator.topology.display(),
            administrator.credential.display()
        )
    };
    println!(
        "\nThe pool stays up until Ctrl-C. Connect an XMPP client:\n\n  \
         user      {VISITOR}@{}\n  \
         password  {}\n  \
         server    {server}, port {} (STARTTLS) or {} (TLS)\n  \
         authority {}\n  \
         names     {} (SRV records of all servers, for clients that follow them)\n  \
         room      {room}\n\n\
         Try:\n\n{}\n{}\n\n\
         In the shell: Get-CsPersistentChatRecovery, Get-CsPersistentChatState,\n\
         Invoke-CsDatabaseFailover -PoolFqdn {} -DatabaseType PersistentChat -NewPrincipal Mirror, \
         Get-Help.",
        topology.domain,
        password(VISITOR),
        port,
        tls_port,
        stage.deployment.authority().display(),
        stage.deployment.dns().address(),
        command("status", ""),
        command("shell", ""),
        pool.fqdn,
    );
}
