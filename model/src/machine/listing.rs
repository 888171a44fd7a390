//! The pseudo-C that programs print as.

use std::fmt::Write as _;

use super::expr::{Expr, Op};
use super::program::Program;
use super::saturate::as_written;
use super::step::{Assign, END, Loc, STOPPED, Step};
use super::system::System;
use super::var::VarId;

/// Prints `program` as indented pseudo-C: one line a step with its guard, the branches below it,
/// scopes as functions, steps that a rule added or changed marked with the rule's name.
pub fn pseudo_c(system: &System, program: &Program) -> String {
    let mut out = String::new();
    let mut scope: Vec<String> = Vec::new();
    for (loc, step) in program.steps.iter().enumerate() {
        let common = scope
            .iter()
            .zip(&step.scope)
            .take_while(|(a, b)| a == b)
            .count();
        while scope.len() > common {
            scope.pop();
            line(&mut out, "", scope.len(), "}");
        }
        for name in &step.scope[common..] {
            line(&mut out, "", scope.len(), &format!("{name} {{"));
            scope.push(name.clone());
        }
        print_step(&mut out, system, loc, step, scope.len());
    }
    while scope.pop().is_some() {
        line(&mut out, "", scope.len(), "}");
    }
    out
}

fn line(out: &mut String, margin: &str, indent: usize, text: &str) {
    let _ = writeln!(out, "{margin:>5}  {:width$}{text}", "", width = indent * 4);
}

fn print_step(out: &mut String, system: &System, loc: Loc, step: &Step, indent: usize) {
    let mut head = format!("{}();", step.function);
    if step.text.is_empty() {
        let _ = write!(head, "  /* {} */", step.id);
    } else {
        let _ = write!(head, "  /* {}: {} */", step.id, step.text);
    }
    if let Some(tag) = &step.rule {
        let _ = write!(head, "  <== rule {} at {}", tag.rule, tag.hook);
    }
    for tag in &step.changed_by {
        let _ = write!(head, "  <== waits by rule {}", tag.rule);
    }
    line(out, &format!("{loc}:"), indent, &head);
    if step.guard != Expr::TRUE {
        line(
            out,
            "",
            indent + 1,
            &format!("wait until {};", show(system, &step.guard)),
        );
    }
    let single = step.branches.len() == 1;
    for (n, branch) in step.branches.iter().enumerate() {
        let mut inner = indent + 1;
        if !single || branch.when != Expr::TRUE {
            let word = if step.choice {
                "either"
            } else if n == 0 {
                "if"
            } else {
                "else if"
            };
            let cond = if branch.when == Expr::TRUE {
                if step.choice || n == 0 {
                    String::new()
                } else {
                    "otherwise".to_owned()
                }
            } else {
                show(system, &branch.when)
            };
            let label = if branch.label.is_empty() {
                String::new()
            } else {
                format!("  /* {} */", branch.label)
            };
            line(out, "", inner, &format!("{word} ({cond}){label}"));
            inner += 1;
        }
        for assign in &branch.assigns {
            let ghost = system.var(assign.var).is_ghost();
            let mark = if ghost { "ghost: " } else { "" };
            let text = assignment(system, assign);
            line(out, "", inner, &format!("{mark}{text}"));
        }
        if branch.next != loc + 1 {
            let target = match branch.next {
                END => "return".to_owned(),
                STOPPED => "stop for ever".to_owned(),
                next => format!("goto {next}"),
            };
            line(out, "", inner, &format!("{target};"));
        }
    }
}

/// An assignment as a statement in C syntax.
pub fn assignment(system: &System, assign: &Assign) -> String {
    let cond = if assign.when == Expr::TRUE {
        String::new()
    } else {
        format!("if ({}) ", show(system, &assign.when))
    };
    let name = system.var(assign.var).full_name();
    let value = show_against(system, assign.var, as_written(system, assign));
    format!("{cond}{name} = {value};")
}

/// An expression in C syntax, with variables named in full and labelled constants by label.
pub fn show(system: &System, expr: &Expr) -> String {
    match expr {
        Expr::Const(c) => c.to_string(),
        Expr::Var(v) => system.var(*v).full_name(),
        Expr::Not(a) => format!("!{}", show(system, a)),
        Expr::Bin(op, a, b) => {
            let (left, right) = match (&**a, &**b) {
                (Expr::Var(v), c @ Expr::Const(_)) if op.compares() => {
                    (show(system, a), show_against(system, *v, c))
                }
                _ => (show(system, a), show(system, b)),
            };
            match op {
                Op::SetBit => format!("({left} | 1 << {right})"),
                Op::ClearBit => format!("({left} & ~(1 << {right}))"),
                Op::TestBit => format!("({left} >> {right} & 1)"),
                op => format!("({left} {} {right})", symbol(*op)),
            }
        }
        Expr::Ite(c, a, b) => {
            format!(
                "({} ? {} : {})",
                show(system, c),
                show(system, a),
                show(system, b)
            )
        }
    }
}

fn show_against(system: &System, var: VarId, expr: &Expr) -> String {
    match expr {
        Expr::Const(c) => {
            u64::try_from(*c).map_or_else(|_| c.to_string(), |c| system.var(var).show(c))
        }
        other => show(system, other),
    }
}

fn symbol(op: Op) -> &'static str {
    match op {
        Op::Add => "+",
        Op::Sub => "-",
        Op::Mul => "*",
        Op::Eq => "==",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::And => "&&",
        Op::Or => "||",
        Op::BitOr | Op::SetBit => "|",
        Op::BitAnd | Op::ClearBit => "&",
        Op::TestBit => ">>",
    }
}
