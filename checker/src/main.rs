use foliocheck::engine::{explore::*, limits::*};
use foliocheck_specs::*;
use foliocheck_model::machine::system::Scope;
fn main(){
  let args: Vec<String>=std::env::args().collect();
  let scens=Scenario::own().unwrap_or_else(|e|{eprintln!("{e}");std::process::exit(2)});
  let mode = args.get(3).cloned().unwrap_or("both".into());
  for sc in &scens { if args.len()>2 && args[2]!="*" && sc.id!=args[2] {continue}
   for s in schemes::all(){ if args.len()>1 && args[1]!="*" && s.id!=args[1]{continue}
    let ask=instance::applicable(&sc.setup);
    let inst=match Instance::build(&sc.setup,&s,&[],&ask){Ok(i)=>i,Err(e)=>{println!("{} {} BUILD {e}",s.id,sc.id);continue}};
    let preds=&inst.optimized.predicates;
    let all:Vec<usize>=(0..preds.len()).collect();
    let lim=Limits{max_states:Some(20_000_000),..Default::default()};
    let t=std::time::Instant::now();
    print!("{:28} {:28} bits {}w ",s.id,sc.id,foliocheck_model::machine::compile::words_needed(&inst.optimized));
    if mode!="red" { match explore(&inst.optimized,Mode::Full,&all,&lim){
      Ok(f)=>{ println!(" full {} states {} tr depth {} obs {} {:?} cut {:?}",f.states,f.transitions,f.depth,f.observations.len(),t.elapsed(),f.cut);
        for (p,path) in &f.violations { println!("      F {} {:?} len {}",preds[*p].invariant,preds[*p].scope,path.len());} }
      Err(e)=>println!("ERR {e}")}}
    if mode!="full" {
    let t=std::time::Instant::now();
    match explore(&inst.optimized,Mode::Final,&all,&lim){Ok(f)=>{ println!("   final {} states {} tr depth {} obs {} {:?}",f.states,f.transitions,f.depth,f.observations.len(),t.elapsed());
        for (p,path) in &f.violations { println!("      R {} {:?} len {}",preds[*p].invariant,preds[*p].scope,path.len());} }
      Err(e)=>println!("ERR {e}")}
    for p in &all { if preds[*p].scope==Scope::Terminal {continue}
      let t=std::time::Instant::now();
      match explore(&inst.optimized,Mode::Question(*p),&[*p],&lim){Ok(f)=>println!("      Q {} {} states {:?} {:?}",preds[*p].invariant,f.states,f.violations.first().map(|v|v.1.len()),t.elapsed()),Err(e)=>println!("ERR {e}")}
    }}
   }}
}
