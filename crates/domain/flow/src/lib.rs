//! Flows: the steps a person goes through, planned once and carried out one request at a time.
//!
//! Owns what a flow is (the flow, its bindings, the base of all stages), the planner and the executor, and the trait that
//! the kinds of stages fill in. It knows no single kind of stage and no page.

mod binding;
mod flow;
mod stage;

use feature::{Feature, Kind};

pub use binding::{FlowStageBinding, InvalidResponseAction};
pub use flow::{Authentication, DeniedAction, Designation, Flow, Layout};
pub use stage::Stage;

pub const FEATURE: Feature = Feature::new("flow").kinds(&[
    Kind::of::<Flow>(),
    Kind::of::<Stage>(),
    Kind::of::<FlowStageBinding>(),
]);
