//! Processor time of processes, from `/proc`.

use std::time::Duration;

use anyhow::Context;

/// Linux counts in hundredths of a second for programs (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// A server's own processes: one, or one with its children.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processes {
    pub(crate) first: u32,
    pub(crate) with_children: bool,
}

impl Processes {
    /// What they have used so far.
    pub(super) fn used(self) -> anyhow::Result<Duration> {
        let mut ticks = ticks(self.first)?.1;
        if self.with_children {
            for entry in std::fs::read_dir("/proc")? {
                let name = entry?.file_name();
                let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                    continue;
                };
                // One that has ended meanwhile is in its parent's account.
                if let Ok((parent, used)) = self::ticks(pid)
                    && parent == self.first
                {
                    ticks += used;
                }
            }
        }
        Ok(TICK * ticks)
    }
}

/// Parent and processor time of a process, ended children included (proc(5), fields 4 and 14 to 17).
fn ticks(pid: u32) -> anyhow::Result<(u32, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("no name in stat")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let field = |number: usize| -> anyhow::Result<u32> {
        Ok(fields.get(number - 3).context("a field of stat")?.parse()?)
    };
    Ok((field(4)?, field(14)? + field(15)? + field(16)? + field(17)?))
}
