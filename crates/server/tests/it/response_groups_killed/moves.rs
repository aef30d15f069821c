//! A failover and a failback of a pool that are struck: given again they finish, and nothing is
//! lost or there twice.

use response_groups::configuration::Configuration;
use response_groups::model::{Object, SignIn};

use super::again;
use super::ground::{BACKUP, Ground, NORTH, NORTH_STORE, PRIMARY, SOUTH, SOUTH_STORE};
use super::import::expect;
use super::made::differences;
use super::strike::{Hit, Kind, Order, Strikes};
use crate::dice::Dice;

/// The queue that is changed before each move.
const QUEUE: &str = "Queue 7";

/// There and home again, the first time undisturbed; something is changed before each move.
pub(super) async fn go_on(ground: &mut Ground, dice: &mut Dice, rounds: u64) {
    let mut turn = 0;
    let mut took = Vec::new();
    for way in [Way::Over, Way::Back] {
        let whole = changed(ground, way, &mut turn).await;
        took.push(ground.run(SOUTH, way.line()).await.1);
        finished(ground, way, &whole, "undisturbed").await;
    }
    // There and home take turns: in a round each kind strikes one of them.
    let dealt = Kind::dealt(rounds, dice);
    let kinds = |way: usize| dealt.iter().copied().skip(way).step_by(2).collect::<Vec<_>>();
    let mut over = Strikes::plan("a failover", kinds(0), took[0], dice);
    let mut back = Strikes::plan("a failback", kinds(1), took[1], dice);
    let mut there = dice.choose(&[Way::Over, Way::After]);
    loop {
        let (next_over, next_back) = (over.next(dice), back.next(dice));
        if next_over.is_none() && next_back.is_none() {
            break;
        }
        there = if there == Way::Over { Way::After } else { Way::Over };
        for (way, strikes, next) in
            [(there, &mut over, next_over), (Way::Back, &mut back, next_back)]
        {
            let whole = changed(ground, way, &mut turn).await;
            if way == Way::After {
                ground.received().await;
                ground.deployment.host(NORTH).kill_host().await.unwrap();
            }
            let order = way.order(dice);
            let Some(next) = next else {
                ground.run(order.via, &order.line).await;
                finished(ground, way, &whole, "undisturbed").await;
                continue;
            };
            let hit = strikes.strike(ground, &order, next).await;
            println!("{way:?}: {hit}");
            nothing_is_lost(ground, way, &whole, &hit).await;
            again(ground, &order, hit.kind).await;
            finished(ground, way, &whole, &hit.to_string()).await;
        }
    }
    over.end();
    back.end();
}

/// Wherever one looks after a failover that was stopped when it had closed the primary pool, it
/// is said that nobody can change anything, and what to do.
pub(super) async fn tell_where_they_were_stopped(ground: &mut Ground) {
    const NEXT: &str = "Give it again, and it goes on: Invoke-CsPoolFailOver -PoolFqdn";
    let whole = ground.hosted(PRIMARY).await;
    let status = ground.deployment.administer(&["status"]).await.unwrap();
    assert!(status.contains(&format!("changed at     {PRIMARY}")), "{status}");
    ground.close_primary().await;
    let status = ground.deployment.administer(&["status"]).await.unwrap();
    assert!(status.contains("changed at     nowhere") && status.contains(NEXT), "{status}");
    let (state, _) = ground.run(SOUTH, &format!("(Get-CsPoolFailoverState {PRIMARY}).State")).await;
    assert_eq!(state.trim(), "Closed");
    for way in [Way::Over, Way::Back] {
        ground.run(SOUTH, way.line()).await;
        finished(ground, way, &whole, "after it was stopped").await;
    }
    let status = ground.deployment.administer(&["status"]).await.unwrap();
    assert!(!status.contains(NEXT), "{status}");
}

/// Which way, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// There, while both pools answer.
    Over,
    /// There, after the primary pool is lost.
    After,
    /// Home.
    Back,
}

impl Way {
    fn cmdlet(self) -> &'static str {
        match self {
            Self::Over | Self::After => "Invoke-CsPoolFailOver",
            Self::Back => "Invoke-CsPoolFailBack",
        }
    }

    fn line(self) -> &'static str {
        match self {
            Self::Over => "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com -Force",
            Self::After => {
                "Invoke-CsPoolFailOver -PoolFqdn primary.contoso.com -DisasterMode \
                 -AcceptDataLoss -Force"
            }
            Self::Back => "Invoke-CsPoolFailBack -PoolFqdn primary.contoso.com -Force",
        }
    }

    fn order(self, dice: &mut Dice) -> Order {
        let there = (SOUTH, SOUTH_STORE);
        let either = dice.choose(&[(NORTH, NORTH_STORE), there]);
        let (database, pools): (_, &[_]) = match self {
            Self::Over | Self::Back => (either, &[PRIMARY, BACKUP]),
            Self::After => (there, &[BACKUP]),
        };
        let (cmdlet, line) = (self.cmdlet(), self.line().to_owned());
        Order { cmdlet, line, via: SOUTH, database, pools, is_journalled: true }
    }

    /// Where the Response Groups are changed before the move, and after it.
    fn editors(self) -> (&'static str, &'static str) {
        match self {
            Self::Over | Self::After => (PRIMARY, BACKUP),
            Self::Back => (BACKUP, PRIMARY),
        }
    }
}

/// Changes a queue where that may be done now, and signs an agent out. Gives all that must be
/// there from now on.
async fn changed(ground: &Ground, way: Way, turn: &mut u32) -> Configuration {
    let (from, _) = way.editors();
    let mut whole = ground.hosted(from).await;
    *turn += 1;
    let seconds = i32::try_from(1000 + *turn).unwrap();
    let signs_out = whole.sign_ins.pop().map(|SignIn { group, agent, .. }| {
        format!(
            "; Set-CsRgsSignIn -Parent {from} -Agent {agent} -SignedIn $false \
             -AgentGroupID 'service:ApplicationServer:{from}/{group}'"
        )
    });
    let line = format!(
        "$q = Get-CsRgsQueue -Identity {from} -Name '{QUEUE}' -ShowAll; \
         $q.TimeoutThreshold = {seconds}; Set-CsRgsQueue -Instance $q{}",
        signs_out.unwrap_or_default()
    );
    ground.run(SOUTH, &line).await;
    for object in &mut whole.objects {
        if let Object::Queue(it) = object
            && it.name == QUEUE
        {
            it.timeout_threshold = Some(seconds);
        }
    }
    expect(&ground.hosted(from).await, &whole, "a queue was changed, an agent signed out");
    whole
}

/// Each pool hosts all, or nothing of it; and one of them has what was changed last.
async fn nothing_is_lost(ground: &Ground, way: Way, whole: &Configuration, hit: &Hit) {
    let there = ground.hosted(BACKUP).await;
    if there != *whole {
        expect(&there, &Configuration::default(), &format!("{way:?}: half is there ({hit})"));
    }
    if way == Way::After {
        return;
    }
    let home = ground.hosted(PRIMARY).await;
    let identities = |it: &Configuration| it.objects.iter().map(Object::id).collect::<Vec<_>>();
    assert_eq!(identities(&home), identities(whole), "{way:?}: home has other objects ({hit})");
    if there != *whole {
        expect(&home, whole, &format!("{way:?}: nobody has all ({hit})"));
    }
}

/// Where it must be now it is, and there it may be changed.
async fn finished(ground: &mut Ground, way: Way, whole: &Configuration, when: &str) {
    let there = ground.hosted(BACKUP).await;
    match way {
        Way::Over | Way::After => expect(&there, whole, &format!("{way:?}, {when}")),
        Way::Back => expect(&there, &Configuration::default(), &format!("{way:?}, {when}")),
    }
    if way == Way::After {
        ground.deployment.host(NORTH).start().await.unwrap();
        ground.answers(SOUTH, &[PRIMARY, BACKUP]).await;
    }
    let home = ground.hosted(PRIMARY).await;
    assert!(home == *whole, "{way:?}, {when}: at home {}", differences(&home, whole));
    let line = format!("(Get-CsPoolFailoverState {PRIMARY}).ChangedAt");
    let (said, _) = ground.run(SOUTH, &line).await;
    assert_eq!(said.trim(), way.editors().1, "{way:?}, {when}: where it is changed");
}
