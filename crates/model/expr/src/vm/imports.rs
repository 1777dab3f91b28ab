//! `import`: the engine's own modules first, then the host's.

use super::Vm;
use crate::flow::{R, raise};
use crate::modules;
use crate::value::Value;

impl Vm {
    pub(crate) fn import_module(&mut self, name: &str) -> R<Value> {
        if let Some(module) = self.modules.get(name) {
            return Ok(module.clone());
        }
        let module = modules::load(name)
            .or_else(|| self.globals.import(name, None))
            .ok_or_else(|| raise("ModuleNotFoundError", format!("No module named '{name}'")))?;
        self.modules.insert(name.to_owned(), module.clone());
        Ok(module)
    }

    pub(super) fn import_from(&mut self, module: &str, name: &str) -> R<Value> {
        if let Some(own) = modules::load(module) {
            if let Value::Module(members) = &own
                && let Some(value) = members.get(name)
            {
                return Ok(value);
            }
            if let Some(submodule) = modules::load(&format!("{module}.{name}")) {
                return Ok(submodule);
            }
            let message = format!("cannot import name '{name}' from '{module}'");
            return Err(raise("ImportError", message));
        }
        if let Some(value) = self.globals.import(module, Some(name)) {
            return Ok(value);
        }
        if self.globals.import(module, None).is_some() {
            let message = format!("cannot import name '{name}' from '{module}'");
            return Err(raise("ImportError", message));
        }
        Err(raise("ModuleNotFoundError", format!("No module named '{module}'")))
    }
}
