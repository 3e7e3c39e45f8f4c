//! The application under test: planted tasks on the real loop, scheduler, effect table and pool.
//!
//! It does what its scenario says and logs what happens to its tasks; it knows no test.

use minnow::core::schedule::{
    Run, Scheduler, SchedulerSettings, TaskEvent, TaskId, TaskSpec, Weight,
};
use minnow::log;
use minnow::runtime::{
    Admission, Application, ApplicationStatus, Arrival, EffectClass, EffectReport, EffectRequest,
    EventLoop, Job, LoopSettings, Owner, Progress, Readiness, Shell, Signal, Slice, SourceKind,
    SourceState, Wait, WorkBudget,
};
use mio::Token;
use mio::net::{TcpListener, TcpStream};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

/// Jobs that tests plant.
#[derive(Clone, Debug)]
pub enum PlantedJob {
    Value,
    Panic,
    Sleep(Duration),
}

impl Job for PlantedJob {
    type Output = ();
    fn run(self) -> Slice<Self> {
        match self {
            Self::Value => Slice::Done(()),
            Self::Panic => panic!("planted"),
            Self::Sleep(time) => {
                std::thread::sleep(time);
                Slice::Done(())
            }
        }
    }
}

/// What a planted task does in each run.
#[derive(Clone, Debug)]
pub enum Behaviour {
    Quick,
    /// Reports an error until the process is told that it is mended.
    Failing,
    /// Asks for an essential effect.
    Effect(EffectClass, PlantedJob),
}

/// What a stop signal leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    Exit,
    Ignore,
}

/// What SIGHUP leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReload {
    /// Failing tasks succeed from now on; those of class housekeeping are enabled by hand.
    Mend,
    Panic,
}

/// Whether the process has a source that is no socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedWork {
    None,
    /// Goes on for ever, a slice a turn.
    Endless,
}

/// Whether the process listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    No,
    Loopback,
}

pub struct Scenario {
    pub scheduler: SchedulerSettings,
    pub machinery: LoopSettings,
    pub tasks: Vec<(TaskSpec, Behaviour)>,
    /// Submitted at the start, each with this limit and waiting time.
    pub effects: Vec<(EffectClass, PlantedJob)>,
    pub effect_limit_ms: u64,
    pub effect_wait: Wait,
    pub on_stop: OnStop,
    pub on_reload: OnReload,
    pub work: PlantedWork,
    pub listen: Listen,
}

struct Connection {
    stream: TcpStream,
    token: Token,
}

struct Planted {
    scenario: Scenario,
    scheduler: Scheduler,
    events: Vec<TaskEvent>,
    is_mended: bool,
    slices: u64,
    listener: Option<(TcpListener, Token)>,
    connections: BTreeMap<Token, Connection>,
    messages: u64,
    most_messages: u64,
    spent_budgets: u64,
}

/// Runs the scenario as this process; its exit status.
pub fn run(scenario: Scenario) -> u8 {
    log::install_panic_hook();
    let settings = log::LogSettings {
        format: log::Format::Text,
        buffering: log::Buffering::Off,
        ..log::LogSettings::default()
    };
    log::start(&settings).expect("stderr needs no opening");
    let mut event_loop = EventLoop::new(scenario.machinery.clone()).expect("the machinery");
    let now = event_loop.shell().now_ms();
    let mut scheduler = Scheduler::new(scenario.scheduler.clone(), now);
    for (spec, _) in &scenario.tasks {
        scheduler.add(spec.clone()).expect("a valid task");
    }
    let mut planted = Planted {
        scenario,
        scheduler,
        events: Vec::new(),
        is_mended: false,
        slices: 0,
        listener: None,
        connections: BTreeMap::new(),
        messages: 0,
        most_messages: 0,
        spent_budgets: 0,
    };
    let end = event_loop.run(&mut planted).expect("the loop runs");
    end.exit_code()
}

type PlantedShell = Shell<PlantedJob>;

impl Planted {
    fn start_run(&mut self, run: Run, shell: &mut PlantedShell) {
        let now = shell.now_ms();
        let result = match self.scenario.tasks[usize::from(run.task.0)].1.clone() {
            Behaviour::Quick => Ok(()),
            Behaviour::Failing if self.is_mended => Ok(()),
            Behaviour::Failing => Err("planted failure".to_owned()),
            Behaviour::Effect(class, job) => {
                let mut request = EffectRequest::new(class, job);
                request.owner = Some(Owner::of_run(run));
                match shell.submit(request) {
                    Admission::Accepted { .. } => {
                        self.scheduler.effect_started(run);
                        Ok(())
                    }
                    Admission::Refused(_) => Err("refused: queue full".to_owned()),
                }
            }
        };
        self.scheduler.returned(run, now, result, &mut self.events);
    }

    /// Acts on what the scheduler said, which may make it say more.
    fn act(&mut self, shell: &mut PlantedShell) {
        while !self.events.is_empty() {
            for event in std::mem::take(&mut self.events) {
                self.act_on(event, shell);
            }
        }
    }

    fn act_on(&mut self, event: TaskEvent, shell: &mut PlantedShell) {
        match event {
            TaskEvent::Started(run) => self.start_run(run, shell),
            TaskEvent::Succeeded { .. } => {}
            TaskEvent::Failed {
                run,
                failure,
                error_count,
                retry_at_ms,
            } => {
                shell.abandon_owner(Owner::of_run(run));
                let retry = retry_at_ms.map_or_else(
                    || "never".to_owned(),
                    |at| at.saturating_sub(shell.now_ms()).to_string(),
                );
                log::warn(
                    "planted",
                    "task_failed",
                    &[
                        ("task", &self.name(run.task)),
                        ("error_count", &error_count),
                        ("retry_in_ms", &retry),
                        ("text", &failure),
                    ],
                );
            }
            TaskEvent::Disabled { task, .. } => {
                log::error("planted", "task_disabled", &[("task", &self.name(task))]);
            }
            TaskEvent::Recovered(task) => {
                log::info("planted", "task_recovered", &[("task", &self.name(task))]);
            }
        }
    }

    fn name(&self, task: TaskId) -> &'static str {
        self.scenario.tasks[usize::from(task.0)].0.name
    }

    fn mend(&mut self, shell: &mut PlantedShell) {
        self.is_mended = true;
        for (spec, _) in &self.scenario.tasks {
            let id = self.scheduler.find(spec.name).expect("a planted task");
            if !spec.class.is_probed() {
                self.scheduler.enable(id, shell.now_ms());
            }
        }
    }

    fn accept(&mut self, budget: usize, shell: &mut PlantedShell) -> SourceState {
        for _ in 0..budget {
            let Some((listener, _)) = &self.listener else {
                return SourceState::Drained;
            };
            let Ok((mut stream, _)) = listener.accept() else {
                return SourceState::Drained;
            };
            let token = shell
                .register(&mut stream, SourceKind::Market)
                .expect("a descriptor");
            self.connections.insert(token, Connection { stream, token });
        }
        SourceState::More
    }

    /// Reads messages of up to 1 KiB; a `p` in one is answered.
    fn read(&mut self, token: Token, budget: usize, shell: &mut PlantedShell) -> SourceState {
        let Some(connection) = self.connections.get_mut(&token) else {
            return SourceState::Drained;
        };
        let mut message = [0; 1024];
        for taken in 0..budget as u64 {
            match connection.stream.read(&mut message) {
                Ok(0) => break,
                Ok(length) => {
                    self.messages += 1;
                    self.most_messages = self.most_messages.max(taken + 1);
                    if message[..length].contains(&b'p') {
                        connection.stream.write_all(b"q").expect("room for a byte");
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return SourceState::Drained;
                }
                Err(_) => break,
            }
            if taken + 1 == budget as u64 {
                self.spent_budgets += 1;
                return SourceState::More;
            }
        }
        let mut gone = self.connections.remove(&token).expect("found above");
        shell
            .deregister(&mut gone.stream, gone.token)
            .expect("it was registered");
        SourceState::Drained
    }
}

impl Application for Planted {
    type Job = PlantedJob;

    fn start(&mut self, shell: &mut PlantedShell) -> std::io::Result<()> {
        for (class, job) in self.scenario.effects.clone() {
            let mut request = EffectRequest::new(class, job);
            request.limit_ms = self.scenario.effect_limit_ms;
            request.wait = self.scenario.effect_wait;
            if let Admission::Refused(job) = shell.submit(request) {
                let shown = format!("{job:?}");
                log::warn("planted", "effect_refused", &[("job", &shown)]);
            }
        }
        if self.scenario.listen == Listen::Loopback {
            let mut listener = TcpListener::bind("127.0.0.1:0".parse().expect("an address"))?;
            let port = listener.local_addr()?.port();
            let token = shell.register(&mut listener, SourceKind::Client)?;
            self.listener = Some((listener, token));
            log::info("planted", "listening", &[("port", &port)]);
        }
        log::info("planted", "ready", &[]);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut PlantedShell) {
        match signal {
            Signal::Interrupt | Signal::Terminate => {
                if self.scenario.on_stop == OnStop::Exit {
                    shell.request_exit(0);
                }
            }
            Signal::EmergencyStop => shell.request_exit(4),
            Signal::Reload => match self.scenario.on_reload {
                OnReload::Mend => self.mend(shell),
                OnReload::Panic => panic!("planted on the loop"),
            },
            Signal::StatusDump => unreachable!("the loop writes dumps itself"),
        }
    }

    fn on_effect(&mut self, report: EffectReport<()>, shell: &mut PlantedShell) {
        if let Some(owner) = report.owner
            && report.arrival == Arrival::InTime
        {
            let result = report.outcome.failure().map_or(Ok(()), Err);
            let (run, now) = (owner.run(), shell.now_ms());
            self.scheduler
                .effect_ended(run, now, Weight::Essential, result, &mut self.events);
        }
        self.act(shell);
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut PlantedShell,
    ) -> SourceState {
        match &self.listener {
            Some((_, own)) if *own == token => self.accept(budget, shell),
            _ => self.read(token, budget, shell),
        }
    }

    fn work(&mut self, budget: WorkBudget, _shell: &mut PlantedShell) -> Progress {
        if self.scenario.work == PlantedWork::None {
            return Progress::Idle;
        }
        while !budget.is_spent() {
            std::hint::spin_loop();
        }
        self.slices += 1;
        Progress::More
    }

    fn turn(&mut self, shell: &mut PlantedShell) {
        self.scheduler.turn(shell.now_ms(), &mut self.events);
        self.act(shell);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.scheduler.next_deadline()
    }

    fn status(&self, status: &mut ApplicationStatus) {
        status.scheduler = Some(self.scheduler.view());
        for (name, value) in [
            ("slices", self.slices),
            ("messages", self.messages),
            ("most_messages", self.most_messages),
            ("spent_budgets", self.spent_budgets),
        ] {
            status.details.insert(name.to_owned(), value.into());
        }
    }
}
