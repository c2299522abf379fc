//! A model's thread: it owns the model, and takes the requests that wait for it one after the other, small ones together.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::time::{Instant as Deadline, timeout_at};

use crate::limits::Batching;
use crate::models::load::{Coming, Load};
use crate::models::served::{Pass, Served};
use crate::models::stop::{Stop, is_stopped};
use crate::refusal::Refusal;

/// What images or codes of a batch pass through.
type Passing = Box<dyn Fn(&Served, Pass, usize, Vec<f32>) -> Result<Vec<f32>, Refusal> + Send>;

/// A model's thread, to be asked.
#[derive(Debug)]
pub(crate) struct Worker {
    sender: Sender<Waiting>,
    load: Arc<Load>,
    most_at_once: usize,
}

/// A request that waits.
struct Waiting {
    task: Task,
    stop: Stop,
    since: Instant,
}

enum Task {
    Pass(PassTask),
    /// Whatever cannot share a batch; it answers by itself.
    Alone(Box<dyn FnOnce(&Served) + Send>),
}

/// Images or codes of a request.
struct PassTask {
    pass: Pass,
    count: usize,
    values: Vec<f32>,
    reply: oneshot::Sender<Result<Vec<f32>, Refusal>>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has none.
    pub(crate) fn start(served: Served, load: Load, batching: Batching) -> io::Result<Self> {
        Self::start_passing(served, load, batching, Box::new(Served::pass))
    }

    pub(crate) fn start_passing(
        served: Served,
        load: Load,
        batching: Batching,
        passing: Passing,
    ) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let load = Arc::new(load);
        let thread = Thread {
            served,
            passing,
            batching,
            load: Arc::clone(&load),
            receiver,
            waiting: VecDeque::new(),
        };
        thread::Builder::new()
            .name("ae-model".to_owned())
            .spawn(move || thread.run())?;
        Ok(Self {
            sender,
            load,
            most_at_once: batching.max_images.max(1),
        })
    }

    pub(crate) fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// Passes images or codes through the model, as many at once as pass together.
    ///
    /// # Errors
    /// 429 where too many wait, 503 where the answer does not come in time, 500 where the model panicked over it, and what the
    /// model says.
    ///
    /// # Panics
    /// When `values` is not `count` times as long as one.
    pub(crate) async fn pass(
        &self,
        pass: Pass,
        count: usize,
        values: Vec<f32>,
        coming: Coming,
        deadline: Deadline,
    ) -> Result<Vec<f32>, Refusal> {
        assert!(
            count > 0 && values.len().is_multiple_of(count),
            "values of {count}"
        );
        if count <= self.most_at_once {
            return self.pass_once(pass, count, values, coming, deadline).await;
        }
        drop(coming);
        let mut outputs = Vec::new();
        let length = values.len() / count;
        for part in values.chunks(self.most_at_once * length) {
            let coming = self.load.announce();
            let (count, values) = (part.len() / length, part.to_vec());
            let output = self.pass_once(pass, count, values, coming, deadline);
            outputs.extend(output.await?);
        }
        Ok(outputs)
    }

    async fn pass_once(
        &self,
        pass: Pass,
        count: usize,
        values: Vec<f32>,
        coming: Coming,
        deadline: Deadline,
    ) -> Result<Vec<f32>, Refusal> {
        let (reply, answer) = oneshot::channel();
        let stop = Stop::default();
        let _goes = stop.on_drop();
        self.enter(Waiting {
            task: Task::Pass(PassTask {
                pass,
                count,
                values,
                reply,
            }),
            stop,
            since: Instant::now(),
        })?;
        drop(coming);
        answered(answer, deadline).await
    }

    /// Runs `task` on the model's thread, after what waits already.
    ///
    /// # Errors
    /// As [`pass`](Self::pass), and what the task says.
    pub(crate) async fn alone<T: Send + 'static>(
        &self,
        deadline: Deadline,
        task: impl FnOnce(&Served) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let stop = Stop::default();
        let _goes = stop.on_drop();
        self.enter(Waiting {
            // Nobody may be left to be told.
            task: Task::Alone(Box::new(move |served| drop(reply.send(task(served))))),
            stop,
            since: Instant::now(),
        })?;
        answered(answer, deadline).await
    }

    fn enter(&self, waiting: Waiting) -> Result<(), Refusal> {
        if !self.load.enter() {
            return Err(Refusal::busy(
                "as many requests wait for this model as may; try again",
            ));
        }
        self.sender.send(waiting).map_err(|_| {
            self.load.leave();
            Refusal::internal("the model's thread has ended")
        })
    }
}

async fn answered<T>(
    answer: oneshot::Receiver<Result<T, Refusal>>,
    deadline: Deadline,
) -> Result<T, Refusal> {
    match timeout_at(deadline, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Refusal::internal(
            "the model panicked over this request, which is a bug; others are served",
        )),
        Err(_) => Err(Refusal::unavailable(
            "there was no answer within the time that a request may take",
        )),
    }
}

/// The thread's side.
struct Thread {
    served: Served,
    passing: Passing,
    batching: Batching,
    load: Arc<Load>,
    receiver: Receiver<Waiting>,
    waiting: VecDeque<Waiting>,
}

impl Thread {
    /// Works until there is nobody left to ask.
    fn run(mut self) {
        while let Some(next) = self.next() {
            self.load.leave();
            if next.stop.is_requested() {
                continue;
            }
            match next.task {
                Task::Alone(task) => {
                    let served = &self.served;
                    let ended = next.stop.while_computing(|| {
                        // The model does not change while it computes.
                        catch_unwind(AssertUnwindSafe(|| task(served)))
                    });
                    if let Err(payload) = ended {
                        self.note_panic(&*payload);
                    }
                    self.load.count_batch(1);
                }
                Task::Pass(first) => {
                    let batch = self.gather(first, next.since);
                    self.pass(batch);
                }
            }
        }
    }

    fn next(&mut self) -> Option<Waiting> {
        if let Some(next) = self.waiting.pop_front() {
            return Some(next);
        }
        self.receiver.recv().ok()
    }

    /// The requests that pass together with `first`, which waits since `since`.
    fn gather(&mut self, first: PassTask, since: Instant) -> Vec<PassTask> {
        let until = since + self.batching.wait;
        let most = self.batching.max_images;
        let (pass, mut images) = (first.pass, first.count);
        let mut batch = vec![first];
        loop {
            self.waiting.extend(self.receiver.try_iter());
            let mut others = VecDeque::with_capacity(self.waiting.len());
            for waiting in self.waiting.drain(..) {
                match waiting.task {
                    _ if waiting.stop.is_requested() => self.load.leave(),
                    Task::Pass(task) if task.pass == pass && images + task.count <= most => {
                        images += task.count;
                        self.load.leave();
                        batch.push(task);
                    }
                    _ => others.push_back(waiting),
                }
            }
            self.waiting = others;
            let now = Instant::now();
            if images >= most || now >= until || !self.load.is_awaiting() {
                return batch;
            }
            match self.receiver.recv_timeout(until - now) {
                Ok(waiting) => self.waiting.push_back(waiting),
                Err(_) => return batch,
            }
        }
    }

    /// Passes a batch and answers each request. Where the batch fails as a whole, each request passes alone: the one that is to
    /// blame fails by itself.
    fn pass(&self, mut batch: Vec<PassTask>) {
        let images = batch.iter().map(|task| task.count).sum();
        let pass = batch[0].pass;
        let values = match batch.as_mut_slice() {
            [only] => std::mem::take(&mut only.values),
            several => several
                .iter()
                .flat_map(|task| task.values.iter().copied())
                .collect(),
        };
        self.load.count_batch(images);
        let is_alone = batch.len() == 1;
        match self.caught(pass, images, values) {
            Some(Ok(output)) => {
                let length = output.len() / images;
                let mut rest = output.as_slice();
                for task in batch {
                    let (own, after) = rest.split_at(task.count * length);
                    rest = after;
                    let _ = task.reply.send(Ok(own.to_vec()));
                }
            }
            Some(Err(refusal)) if is_alone => {
                for task in batch {
                    let _ = task.reply.send(Err(refusal.clone()));
                }
            }
            // The request is told when its sender is dropped.
            None if is_alone => {}
            Some(Err(_)) | None => batch.into_iter().for_each(|task| self.pass(vec![task])),
        }
    }

    /// What comes of a pass; nothing where it panicked.
    fn caught(
        &self,
        pass: Pass,
        count: usize,
        values: Vec<f32>,
    ) -> Option<Result<Vec<f32>, Refusal>> {
        let compute = || (self.passing)(&self.served, pass, count, values);
        match catch_unwind(AssertUnwindSafe(compute)) {
            Ok(result) => Some(result),
            Err(payload) => {
                self.note_panic(&*payload);
                None
            }
        }
    }

    fn note_panic(&self, payload: &(dyn Any + Send)) {
        if !is_stopped(payload) {
            self.load.count_panic();
        }
    }
}

#[cfg(test)]
mod tests;
