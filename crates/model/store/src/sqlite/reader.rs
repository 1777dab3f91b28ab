//! Reader connections, lent out one statement at a time.

use object::Value;
use parking_lot::Mutex;
use rusqlite::Connection;

use super::{Location, bind, connect};
use crate::error::Result;
use crate::statement::Statement;

/// Idle connections kept; more are opened when all are lent, and closed when they come back.
const KEPT: usize = 8;

pub struct Readers {
    location: Location,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub fn new(location: Location) -> Self {
        Self { location, idle: Mutex::new(Vec::new()) }
    }

    pub fn run(&self, statement: &Statement) -> Result<Vec<Vec<Value>>> {
        let taken = self.idle.lock().pop();
        let conn = match taken {
            Some(conn) => conn,
            None => connect(&self.location, true)?,
        };
        let result = bind::run(&conn, statement, None);
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(conn);
        }
        result.map(|outcome| outcome.rows)
    }
}
