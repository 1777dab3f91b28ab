//! Finding the user that an answer means.

use directory::User;
use feature::Problem;
use flow::Visit;
use store::{Filter, Op, Query};

use super::{IdentificationStage, UserField};

/// The user that the text means by the stage's fields. Whose user name it is comes before whose address it is, so that
/// nobody gets in another's way by an address.
pub async fn find(visit: &Visit, stage: &IdentificationStage, text: &str) -> Result<Option<User>, Problem> {
    if text.is_empty() || text.contains('\0') || text.len() > 1024 {
        return Ok(None);
    }
    let op = if stage.case_insensitive_matching { Op::IEq } else { Op::Eq };
    let filter = stage.user_fields.iter().fold(Filter::False, |all, field| {
        let path = match field {
            UserField::Email => "email",
            UserField::Username => "username",
            UserField::Upn => "attributes__upn",
        };
        all.or(Filter::compare(path, op, text))
    });
    if matches!(filter, Filter::False) {
        return Ok(None);
    }
    let mut found = visit.app().store().find::<User>(&Query::filter(filter).limit(10)).await?;
    let by_name = found.iter().position(|u| u.username == text);
    let by_name = by_name.or_else(|| found.iter().position(|u| u.username.to_lowercase() == text.to_lowercase()));
    let at = by_name.unwrap_or_default();
    Ok(if at < found.len() { Some(found.swap_remove(at)) } else { None })
}
