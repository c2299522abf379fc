//! Batches, queues and panics, without HTTP.

use std::future::Future;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use ae_infer::{Device, OpenModel};
use ae_models::{ConvAutoencoderConfig, ModelConfig};
use axum::http::StatusCode;

use super::*;

fn served() -> Served {
    let config = ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![4],
        ..ConvAutoencoderConfig::default()
    });
    let device = Device::flex();
    let model = config.init([1, 8, 8], 1, &device).unwrap();
    Served::new("small", OpenModel::new("small", model, &device)).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn later() -> Deadline {
    Deadline::now() + Duration::from_secs(30)
}

/// A worker that adds 1 to every value, panics at values of 1,000, and notes how many images passed at once.
fn adding(most: usize, batching: Batching) -> (Arc<Worker>, Arc<Mutex<Vec<usize>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let passing: Passing = Box::new(move |_, _, count, values| {
        note.lock().unwrap().push(count);
        assert!(
            !values.contains(&1_000.0),
            "a value that nobody should send"
        );
        Ok(values.iter().map(|value| value + 1.0).collect())
    });
    let worker = Worker::start_passing(served(), Load::new(most), batching, passing).unwrap();
    (Arc::new(worker), seen)
}

/// Keeps a worker busy until what is returned is dropped.
fn occupy(worker: &Arc<Worker>) -> (std::sync::mpsc::SyncSender<()>, tokio::task::JoinHandle<()>) {
    let (begun, has_begun) = sync_channel(1);
    let (release, held) = sync_channel::<()>(1);
    let own = Arc::clone(worker);
    let task = tokio::spawn(async move {
        let waited = own.alone(later(), move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        });
        waited.await.unwrap();
    });
    has_begun.recv().unwrap();
    (release, task)
}

#[test]
fn small_requests_pass_together_and_each_gets_its_own() {
    let batching = Batching {
        max_images: 4,
        ..Batching::default()
    };
    let (worker, seen) = adding(100, batching);
    run(async {
        let (release, busy) = occupy(&worker);
        let tasks: Vec<_> = (0_u8..6)
            .map(|number| {
                let worker = Arc::clone(&worker);
                tokio::spawn(async move {
                    let values = vec![f32::from(number); 3];
                    let coming = worker.load().announce();
                    worker
                        .pass(Pass::Reconstruct, 1, values, coming, later())
                        .await
                })
            })
            .collect();
        while worker.load().waiting() < 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(release);
        busy.await.unwrap();
        for (number, task) in (0_u8..).zip(tasks) {
            let values = task.await.unwrap().unwrap();
            assert_eq!(values, [f32::from(number) + 1.0; 3]);
        }
    });
    assert_eq!(*seen.lock().unwrap(), [4, 2]);
    assert_eq!(worker.load().images(), 7);
}

#[test]
fn a_request_that_panics_harms_no_other_of_its_batch() {
    let (worker, _) = adding(100, Batching::default());
    run(async {
        let (release, busy) = occupy(&worker);
        let tasks: Vec<_> = [0.0, 1_000.0, 2.0]
            .map(|value| {
                let worker = Arc::clone(&worker);
                tokio::spawn(async move {
                    let coming = worker.load().announce();
                    worker
                        .pass(Pass::Encode, 1, vec![value], coming, later())
                        .await
                })
            })
            .into();
        while worker.load().waiting() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(release);
        busy.await.unwrap();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert_eq!(answers[0], Ok(vec![1.0]));
        let refusal = answers[1].clone().unwrap_err();
        assert_eq!(refusal.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answers[2], Ok(vec![3.0]));
    });
    // Together, and alone.
    assert_eq!(worker.load().panics(), 2);
}

#[test]
fn a_task_that_panics_is_answered_and_the_next_one_is_served() {
    let (worker, _) = adding(100, Batching::default());
    run(async {
        let ended = worker.alone(later(), |_| -> Result<(), Refusal> { panic!("a bug") });
        let refusal = ended.await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(worker.alone(later(), |_| Ok(7)).await, Ok(7));
    });
}

#[test]
fn a_full_queue_refuses_and_a_late_answer_is_not_waited_for() {
    let (worker, seen) = adding(1, Batching::default());
    run(async {
        let (release, busy) = occupy(&worker);
        let soon = Deadline::now() + Duration::from_millis(200);
        let late = tokio::spawn({
            let worker = Arc::clone(&worker);
            async move {
                let coming = worker.load().announce();
                worker.pass(Pass::Encode, 1, vec![1.0], coming, soon).await
            }
        });
        while worker.load().waiting() < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let refusal = worker.alone(later(), |_| Ok(())).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        let refusal = late.await.unwrap().unwrap_err();
        assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(release);
        busy.await.unwrap();
        // What came too late keeps its place until its turn.
        while worker.load().waiting() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(worker.alone(later(), |_| Ok(1)).await, Ok(1));
    });
    // Nobody waited for it any more when its turn came.
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn what_is_more_than_a_batch_passes_in_several() {
    let batching = Batching {
        max_images: 4,
        ..Batching::default()
    };
    let (worker, seen) = adding(100, batching);
    let values: Vec<f32> = (0_u8..20).map(f32::from).collect();
    let expected: Vec<f32> = values.iter().map(|value| value + 1.0).collect();
    let coming = worker.load().announce();
    let found = run(worker.pass(Pass::Decode, 10, values, coming, later()));
    assert_eq!(found.unwrap(), expected);
    assert_eq!(*seen.lock().unwrap(), [4, 4, 2]);
}
