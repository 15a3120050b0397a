//! Names that tests give addresses to, and take them away from.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use nova_comet::egress::Resolve;

/// The addresses of a name, one list for each look-up; the last one stays.
static NAMES: Mutex<Option<HashMap<String, Vec<Vec<IpAddr>>>>> = Mutex::new(None);

/// Gives the name these addresses; `later` ones come with the next look-ups.
pub fn set(name: &str, answers: &[&[&str]]) {
    let answers = answers.iter().map(|found| found.iter().map(|ip| ip.parse().unwrap()).collect());
    NAMES.lock().unwrap().get_or_insert_default().insert(name.to_owned(), answers.collect());
}

#[derive(Debug)]
pub struct TestNames;

#[async_trait]
impl Resolve for TestNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = NAMES.lock().unwrap();
        let Some(answers) = names.get_or_insert_default().get_mut(name) else { return Ok(Vec::new()) };
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}
