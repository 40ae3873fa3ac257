"""The stages of an import run, each a module that `Collect` names in its order; `ports` says what they need from outside."""
