//! What a process costs, as `/proc` tells.

use anyhow::Context as _;

/// A process that is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(i32);

/// Fields of `/proc/PID/stat` after the name: time in user mode and in the kernel; see proc(5).
const USER_TIME: usize = 11;
const KERNEL_TIME: usize = 12;

impl Process {
    pub(super) fn new(pid: i32) -> Self {
        Self(pid)
    }

    pub(super) fn number(self) -> i32 {
        self.0
    }

    /// Processor seconds used so far, by all threads.
    pub(super) fn processor(self) -> anyhow::Result<f64> {
        let stat = self.read("stat")?;
        // The name in parentheses may hold anything.
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| -> anyhow::Result<f64> {
            Ok(fields.get(place).context("a field of stat")?.parse()?)
        };
        let second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)?;
        let second = i32::try_from(second.context("the kernel's tick")?)?;
        Ok((ticks(USER_TIME)? + ticks(KERNEL_TIME)?) / f64::from(second))
    }

    /// Bytes of memory in use.
    pub(super) fn memory(self) -> anyhow::Result<f64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        let kibibytes: f64 = number.context("the memory that a process uses")?.parse()?;
        Ok(kibibytes * 1024.0)
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        std::fs::read_to_string(&path).with_context(|| format!("read {path}"))
    }
}
