//! What the name server was told is what it says.

use super::*;

const NAME: &str = "_xmpp-client._tcp.example.org";

fn service(priority: u16, target: &str) -> Service {
    Service { priority, weight: 0, target: target.to_owned(), port: 5222 }
}

#[tokio::test]
async fn services_come_in_the_order_of_their_priorities_and_change_at_once() {
    let dns = Dns::start(Ipv4Addr::LOCALHOST).await.unwrap();
    let (late, soon) = (service(20, "b.example.org"), service(10, "a.example.org"));
    dns.set_services(NAME, &[late.clone(), soon.clone()]);
    dns.set_address("a.example.org", Ipv4Addr::new(127, 0, 1, 1).into());
    let found = look_up_services(dns.address(), NAME).await.unwrap();
    assert_eq!(found, [soon, late.clone()]);
    let address = look_up_address(dns.address(), "A.Example.org").await.unwrap();
    assert_eq!(address, Some(Ipv4Addr::new(127, 0, 1, 1).into()));

    dns.set_services(NAME, std::slice::from_ref(&late));
    assert_eq!(look_up_services(dns.address(), NAME).await.unwrap(), [late]);
    dns.remove(NAME);
    assert_eq!(look_up_services(dns.address(), NAME).await.unwrap(), []);
    assert_eq!(look_up_address(dns.address(), "nobody.example.org").await.unwrap(), None);
}

#[tokio::test]
async fn a_long_answer_comes_over_tcp() {
    let dns = Dns::start(Ipv4Addr::LOCALHOST).await.unwrap();
    let many: Vec<Service> =
        (0..100).map(|number| service(number, &format!("host-{number}.example.org"))).collect();
    dns.set_services(NAME, &many);
    assert_eq!(look_up_services(dns.address(), NAME).await.unwrap(), many);
}
