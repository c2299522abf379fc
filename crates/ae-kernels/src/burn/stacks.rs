//! Stacks on Burn's tensors.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use crate::burn::network::Network;
use crate::burn::ops::StackOperations;
use crate::burn::weight_list::WeightList;
use crate::conv::stack::Stack;
use crate::dense::stack::DenseStack;
use crate::error::KernelError;
use crate::loss::Loss;

/// Weight `[output, input, 3, 3]`, or 1, 1, and bias `[output]` of every stage, the latter where the stage has one.
type TensorWeights<'a> = &'a [(Tensor<4>, Option<Tensor<1>>)];

/// The same as the operations take it.
fn convolution_weights(weights: TensorWeights<'_>) -> WeightList<Dispatch> {
    WeightList::new(weights.iter().map(|(weight, bias)| (weight, bias.as_ref())))
}

/// The weights of dense layers as the operations take them.
fn dense_weights(weights: DenseWeights<'_>) -> WeightList<Dispatch> {
    WeightList::new(weights.iter().map(|(weight, bias)| (weight, Some(bias))))
}

impl Stack {
    /// Runs `x` through the stack, on whatever backend it lies; differentiable in `x` and the weights.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `weights`: `[output, input, 3, 3]` for each stage, and `[output]` where it has a bias
    /// - output: `[batch, output_channels, output_height, output_width]` as [`Stack::output_shape`] says
    ///
    /// # Errors
    /// When a shape does not fit or the batch is empty.
    ///
    /// # Panics
    /// When there is no memory for the working buffers, as Burn's own operations do.
    pub fn try_forward(
        &self,
        x: Tensor<4>,
        weights: TensorWeights<'_>,
    ) -> Result<Tensor<4>, KernelError> {
        self.check(&x, weights)?;
        let output = Dispatch::stack_forward(
            x.into_dispatch(),
            convolution_weights(weights),
            Network::Convolutions(self.clone()),
        );
        Ok(Tensor::from_dispatch(output))
    }

    /// [`Stack::try_forward`] for shapes that are known to fit.
    ///
    /// # Panics
    /// When one does not.
    pub fn forward(&self, x: Tensor<4>, weights: TensorWeights<'_>) -> Tensor<4> {
        self.try_forward(x, weights)
            .unwrap_or_else(|error| panic!("cannot run the stack: {error}"))
    }

    /// The mean loss of what comes out of the stack against `target`, with `x` and the weights differentiable;
    /// where the kernels run, their gradients are computed in the same pass, group by group of images in the
    /// processor's cache.
    ///
    /// # Shapes
    /// - `x` and `weights` as [`Stack::try_forward`]
    /// - `target`: the output's shape
    /// - output: `[1]`
    ///
    /// # Errors
    /// When a shape does not fit or the batch is empty.
    ///
    /// # Panics
    /// When there is no memory for the working buffers, as Burn's own operations do.
    pub fn try_loss(
        &self,
        x: Tensor<4>,
        target: Tensor<4>,
        weights: TensorWeights<'_>,
        loss: Loss,
    ) -> Result<Tensor<1>, KernelError> {
        let [channels, height, width] = self.check(&x, weights)?;
        let [batch, ..] = x.dims();
        expect_shape(
            "the target",
            &[batch, channels, height, width],
            &target.dims(),
        )?;
        let output = Dispatch::stack_loss(
            x.into_dispatch(),
            target.into_dispatch(),
            convolution_weights(weights),
            Network::Convolutions(self.clone()),
            loss,
        );
        Ok(Tensor::from_dispatch(output))
    }

    /// [`Stack::try_loss`] for shapes that are known to fit.
    ///
    /// # Panics
    /// When one does not.
    pub fn loss(
        &self,
        x: Tensor<4>,
        target: Tensor<4>,
        weights: TensorWeights<'_>,
        loss: Loss,
    ) -> Tensor<1> {
        self.try_loss(x, target, weights, loss)
            .unwrap_or_else(|error| panic!("cannot run the stack: {error}"))
    }

    /// Checks all shapes and gives the output's.
    fn check(&self, x: &Tensor<4>, weights: TensorWeights<'_>) -> Result<[usize; 3], KernelError> {
        let [batch, channels, height, width] = x.dims();
        if batch == 0 {
            return Err(KernelError::EmptyBatch);
        }
        let (expected, found) = (self.stages().len(), weights.len());
        if expected != found {
            return Err(KernelError::WeightCount { expected, found });
        }
        for (index, (stage, (weight, bias))) in self.stages().iter().zip(weights).enumerate() {
            let [height, width] = stage.window();
            let shape = [stage.output_channels, stage.input_channels, height, width];
            expect_shape(
                &format!("the weight of stage {index}"),
                &shape,
                &weight.dims(),
            )?;
            let what = format!("the bias of stage {index}");
            let found = bias.as_ref().map_or([0], Tensor::dims);
            expect_shape(&what, &[stage.bias_values()], &found)?;
        }
        self.output_shape([channels, height, width])
    }
}

/// Weight and bias `[outputs]` of every layer, the weight as [`DenseLayer::weight_shape`](crate::DenseLayer) says.
type DenseWeights<'a> = &'a [(Tensor<2>, Tensor<1>)];

impl DenseStack {
    /// Runs `x` through the layers, on whatever backend it lies; differentiable in `x` and the weights.
    ///
    /// # Shapes
    /// - `x`: `[batch, inputs]`
    /// - `weights`: as each layer's `weight_shape` says, and `[outputs]`
    /// - output: `[batch, outputs]`
    ///
    /// # Errors
    /// When a shape does not fit or the batch is empty.
    ///
    /// # Panics
    /// When there is no memory for the working buffers, as Burn's own operations do.
    pub fn try_forward(
        &self,
        x: Tensor<2>,
        weights: DenseWeights<'_>,
    ) -> Result<Tensor<2>, KernelError> {
        self.check(&x, weights)?;
        let output = Dispatch::stack_forward(
            x.into_dispatch(),
            dense_weights(weights),
            Network::Dense(self.clone()),
        );
        Ok(Tensor::from_dispatch(output))
    }

    /// [`DenseStack::try_forward`] for shapes that are known to fit.
    ///
    /// # Panics
    /// When one does not.
    pub fn forward(&self, x: Tensor<2>, weights: DenseWeights<'_>) -> Tensor<2> {
        self.try_forward(x, weights)
            .unwrap_or_else(|error| panic!("cannot run the layers: {error}"))
    }

    /// The mean loss of what comes out of the layers against `target`, with `x` and the weights differentiable; on the
    /// CPU's backends their gradients are computed in the same pass.
    ///
    /// # Shapes
    /// - `x` and `weights` as [`DenseStack::try_forward`]
    /// - `target`: `[batch, outputs]`
    /// - output: `[1]`
    ///
    /// # Errors
    /// When a shape does not fit or the batch is empty.
    ///
    /// # Panics
    /// When there is no memory for the working buffers, as Burn's own operations do.
    pub fn try_loss(
        &self,
        x: Tensor<2>,
        target: Tensor<2>,
        weights: DenseWeights<'_>,
        loss: Loss,
    ) -> Result<Tensor<1>, KernelError> {
        let batch = self.check(&x, weights)?;
        expect_shape("the target", &[batch, self.outputs()], &target.dims())?;
        let output = Dispatch::stack_loss(
            x.into_dispatch(),
            target.into_dispatch(),
            dense_weights(weights),
            Network::Dense(self.clone()),
            loss,
        );
        Ok(Tensor::from_dispatch(output))
    }

    /// [`DenseStack::try_loss`] for shapes that are known to fit.
    ///
    /// # Panics
    /// When one does not.
    pub fn loss(
        &self,
        x: Tensor<2>,
        target: Tensor<2>,
        weights: DenseWeights<'_>,
        loss: Loss,
    ) -> Tensor<1> {
        self.try_loss(x, target, weights, loss)
            .unwrap_or_else(|error| panic!("cannot run the layers: {error}"))
    }

    /// Checks all shapes and gives the number of rows.
    fn check(&self, x: &Tensor<2>, weights: DenseWeights<'_>) -> Result<usize, KernelError> {
        let [batch, inputs] = x.dims();
        if batch == 0 {
            return Err(KernelError::EmptyBatch);
        }
        expect_shape("the batch", &[batch, self.inputs()], &[batch, inputs])?;
        let (expected, found) = (self.layers().len(), weights.len());
        if expected != found {
            return Err(KernelError::WeightCount { expected, found });
        }
        for (index, (layer, (weight, bias))) in self.layers().iter().zip(weights).enumerate() {
            expect_shape(
                &format!("the weight of layer {index}"),
                &layer.weight_shape(),
                &weight.dims(),
            )?;
            expect_shape(
                &format!("the bias of layer {index}"),
                &[layer.outputs],
                &bias.dims(),
            )?;
        }
        Ok(batch)
    }
}

fn expect_shape(what: &str, expected: &[usize], found: &[usize]) -> Result<(), KernelError> {
    if expected == found {
        return Ok(());
    }
    Err(KernelError::Shape {
        what: what.to_owned(),
        expected: expected.to_vec(),
        found: found.to_vec(),
    })
}
