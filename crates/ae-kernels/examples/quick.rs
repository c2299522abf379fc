use ae_kernels::*;
use std::time::Instant;
fn main() {
    let precision = if std::env::args().any(|a| a == "exact") {
        Precision::Exact
    } else {
        Precision::Fast
    };
    let stages = vec![
        Stage::new(1, 32, Activation::Relu).with_max_pool(),
        Stage::new(32, 64, Activation::Relu).with_max_pool(),
        Stage::new(64, 128, Activation::Relu),
        Stage::new(128, 128, Activation::Relu),
        Stage::new(128, 64, Activation::Relu).with_upsample(),
        Stage::new(64, 1, Activation::Sigmoid).with_upsample(),
    ];
    let w: Vec<(Vec<f32>, Vec<f32>)> = stages
        .iter()
        .map(|s| {
            (
                (0..s.input_channels * s.output_channels * 9)
                    .map(|i| ((i * 7919 % 1009) as f32 / 1009. - 0.5) / 10.)
                    .collect(),
                vec![0.01; s.output_channels],
            )
        })
        .collect();
    let w: Vec<Weights> = w
        .iter()
        .map(|(a, b)| Weights { weight: a, bias: b })
        .collect();
    let stack = Stack::new(stages, precision).unwrap();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            for batch in if std::env::args().any(|a| a == "all") { vec![1usize, 8, 32, 128, 512] } else { vec![128] } {
                let x: Vec<f32> = (0..batch * 784)
                    .map(|i| (i * 31 % 257) as f32 / 257.)
                    .collect();
                let im = Images {
                    shape: [batch, 1, 28, 28],
                    values: &x,
                };
                let (mut bt, mut bi) = (f64::MAX, f64::MAX);
                let reps = (1024 / batch).clamp(3, 40);
                for _ in 0..reps {
                    let t = Instant::now();
                    stack.train(im, &w, &x, Loss::Mse, false).unwrap();
                    bt = bt.min(t.elapsed().as_secs_f64());
                    let t = Instant::now();
                    stack.infer(im, &w).unwrap();
                    bi = bi.min(t.elapsed().as_secs_f64());
                }
                println!(
                    "threads {threads} batch {batch}: train {:.0} infer {:.0} images/s",
                    batch as f64 / bt,
                    batch as f64 / bi
                );
            }
        });
    }
}
