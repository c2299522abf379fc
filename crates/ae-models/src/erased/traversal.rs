//! Visitors and mappers of modules across a trait object.
//!
//! Burn's have methods that are generic over a tensor's rank, so a trait object cannot take them. Here a parameter goes
//! through as `Any` with its rank beside it: erased on one side of the object, restored on the other.

use std::any::Any;

use burn::module::{Flag, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};

/// A visitor that a trait object takes.
pub(crate) trait AnyVisitor {
    fn enter_module(&mut self, name: &str, container_type: &str);
    fn exit_module(&mut self, name: &str, container_type: &str);
    /// `param` is a `Param<Tensor<rank>>`.
    fn visit_float(&mut self, rank: usize, param: &dyn Any);
    /// `param` is a `Param<Tensor<rank, Int>>`.
    fn visit_int(&mut self, rank: usize, param: &dyn Any);
    /// `param` is a `Param<Tensor<rank, Bool>>`.
    fn visit_bool(&mut self, rank: usize, param: &dyn Any);
    fn visit_flag(&mut self, flag: &Param<Flag>);
}

/// A mapper that a trait object takes.
pub(crate) trait AnyMapper {
    fn enter_module(&mut self, name: &str, container_type: &str);
    fn exit_module(&mut self, name: &str, container_type: &str);
    /// `slot` is a filled `Option<Param<Tensor<rank>>>`, and is filled again with what becomes of it.
    fn map_float(&mut self, rank: usize, slot: &mut dyn Any);
    /// The same of `Option<Param<Tensor<rank, Int>>>`.
    fn map_int(&mut self, rank: usize, slot: &mut dyn Any);
    /// The same of `Option<Param<Tensor<rank, Bool>>>`.
    fn map_bool(&mut self, rank: usize, slot: &mut dyn Any);
    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag>;
}

const OF_RANK: &str = "the parameter is of the rank that came with it";

/// Evaluates an expression with the constant `D` as the rank, which is one of those that Burn has parameters of.
macro_rules! with_rank {
    ($rank:expr, $D:ident => $body:expr) => {
        with_rank!(@ $rank, $D => $body, 1 2 3 4 5 6 7 8)
    };
    (@ $rank:expr, $D:ident => $body:expr, $($known:literal)+) => {
        match $rank {
            $($known => {
                const $D: usize = $known;
                $body
            })+
            rank => panic!("a parameter of {rank} axes: at most 8 are known here"),
        }
    };
}

/// Erases a visitor.
pub(crate) struct ErasedVisitor<'a, V>(pub(crate) &'a mut V);

impl<V: ModuleVisitor> AnyVisitor for ErasedVisitor<'_, V> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.enter_module(name, container_type);
    }

    fn exit_module(&mut self, name: &str, container_type: &str) {
        self.0.exit_module(name, container_type);
    }

    fn visit_float(&mut self, rank: usize, param: &dyn Any) {
        with_rank!(rank, D => {
            let param: &Param<Tensor<D>> = param.downcast_ref().expect(OF_RANK);
            self.0.visit_float(param);
        });
    }

    fn visit_int(&mut self, rank: usize, param: &dyn Any) {
        with_rank!(rank, D => {
            let param: &Param<Tensor<D, Int>> = param.downcast_ref().expect(OF_RANK);
            self.0.visit_int(param);
        });
    }

    fn visit_bool(&mut self, rank: usize, param: &dyn Any) {
        with_rank!(rank, D => {
            let param: &Param<Tensor<D, Bool>> = param.downcast_ref().expect(OF_RANK);
            self.0.visit_bool(param);
        });
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.0.visit_flag(flag);
    }
}

/// Restores a visitor.
pub(crate) struct RestoredVisitor<'a>(pub(crate) &'a mut dyn AnyVisitor);

impl ModuleVisitor for RestoredVisitor<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.enter_module(name, container_type);
    }

    fn exit_module(&mut self, name: &str, container_type: &str) {
        self.0.exit_module(name, container_type);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.visit_float(D, param);
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.0.visit_int(D, param);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.0.visit_bool(D, param);
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.0.visit_flag(flag);
    }
}

/// Erases a mapper.
pub(crate) struct ErasedMapper<'a, M>(pub(crate) &'a mut M);

/// Takes a parameter out of its slot, and puts back what becomes of it.
fn replace<P: 'static>(slot: &mut dyn Any, map: impl FnOnce(P) -> P) {
    let slot: &mut Option<P> = slot.downcast_mut().expect(OF_RANK);
    let param = slot.take().expect("the slot is filled");
    *slot = Some(map(param));
}

impl<M: ModuleMapper> AnyMapper for ErasedMapper<'_, M> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.enter_module(name, container_type);
    }

    fn exit_module(&mut self, name: &str, container_type: &str) {
        self.0.exit_module(name, container_type);
    }

    fn map_float(&mut self, rank: usize, slot: &mut dyn Any) {
        with_rank!(rank, D => replace(slot, |param: Param<Tensor<D>>| self.0.map_float(param)));
    }

    fn map_int(&mut self, rank: usize, slot: &mut dyn Any) {
        with_rank!(rank, D => replace(slot, |param: Param<Tensor<D, Int>>| self.0.map_int(param)));
    }

    fn map_bool(&mut self, rank: usize, slot: &mut dyn Any) {
        with_rank!(rank, D => replace(slot, |param: Param<Tensor<D, Bool>>| self.0.map_bool(param)));
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        self.0.map_flag(flag)
    }
}

/// Restores a mapper.
pub(crate) struct RestoredMapper<'a>(pub(crate) &'a mut dyn AnyMapper);

const FILLED: &str = "an erased mapper fills the slot again";

impl ModuleMapper for RestoredMapper<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.enter_module(name, container_type);
    }

    fn exit_module(&mut self, name: &str, container_type: &str) {
        self.0.exit_module(name, container_type);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let mut slot = Some(param);
        self.0.map_float(D, &mut slot);
        slot.expect(FILLED)
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let mut slot = Some(param);
        self.0.map_int(D, &mut slot);
        slot.expect(FILLED)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let mut slot = Some(param);
        self.0.map_bool(D, &mut slot);
        slot.expect(FILLED)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        self.0.map_flag(flag)
    }
}
