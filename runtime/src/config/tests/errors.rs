use super::*;
#[test]
fn show() {
    for t in [
"[project]\nname = 3\n[actions.app]\nread = ['x']\ninputs = []\nzzz=1\nplugin='markdown'\nreads='docs/**'\n[action.b]\nplugin = 'x'\n",
"[project]\nname='a'\n[actions.app]\nrun = 'esbuild src/main.ts'\n[actions.b]\nplugin=3\nneeds='app'\ncache_failures='true'\ntimeout=30\nmemory='1GB'\nconfig=[]\nreads=['a',3]\nwrites=['x']\nenvironment=3\ngrants={write=['x'],http='x'}\nsalt=1979-05-27",
"[actions.b]\nplugin='x'\n",
"[project]\nname='a'\n[actions.a]\nplugin='m'\nneeds=['b']\n[actions.b]\nplugin='m'\nneeds=['c','bb','d:x']\n[actions.c]\nplugin='m'\nbase='a'\n[actions.d]\nplugin='m'\nneeds=['d']",
"[project]\nname='a'\n[actions.a]\nplugin='m'\nwrites='dist'\n[actions.b]\nplugin='m'\nwrites='dist/'\n[actions.c]\nplugin='m'\nwrites='dist/x'\nreads=['dist/**','public/*']\n[actions.d]\nplugin='m'\nwrites='../x'\n[actions.e]\nplugin='m'\nwrites='.git/x'\n[actions.f]\nplugin='m'\nwrites='/x'\n[actions.g]\nplugin='m'\nwrites='.'\n[actions.h]\nplugin='m'\nwrites='cofferdam.toml'\n[deploy.l]\nplugin='directory'\nfrom='a'\ngrants={write=['public','dist']}\n",
"[project]\nname='a'\n[actions.a]\nplugin='m'\nreads=['src/[a', '{a', 'a}', '/x', '../x','a**b','', 'a//b', 'x\\', '[z-a]', '[a/b]']\n",
"[project]\nname='a'\n[actions.a]\nplugin='m\nreads=[\n[actions.a]\nplugin='x'\nplugin='x'\n[actions.a]",
"[project]\nname='a'\n[actions.\"a/b\"]\nplugin='m'\n[actions.\"a:b\"]\nplugin='m'\n[actions.all]\nplugin='m'\n[actions.\"\"]\nplugin='m'\n[actions.-x]\nplugin='m'\n[actions.\"\\u001b[31m\"]\nplugin='m'\n[actions]\nfoo='x'\n",
"[project]\nname='a'\n[plugins]\na='npm:x'\nb='pth:x'\nc='tools/x.wasm'\nd=3\ne='path:'\nf='https://x/y'\n[actions.a]\nplugin='a'\nneeds=['b','b',3,{as='x'}]\nbase='b'\n[actions.b]\nrun=['x','{otu}','{in.a}','{file}','{']\nfor_each='*.md'\nconfig={a=1}\n[actions.c]\nplugin='x'\nrun=['y']\n[actions.d]\nrun=[]\n[deploy.x]\n",
    ] {
        println!("-----\n{}", told(&read(t).unwrap_err()));
    }
    let text = SHOP.replace("\"merge\"","\"lnit\"").replace("\"esbuild\",","\"lint\",").replace("plugin = \"directory\"", "plugin=\"esbuild\"");
    println!("-----\n{}", told(&super::super::check(&read(&text).unwrap(), &super::super::Builtins{plugins:&["markdown","merge","directory"],tools:&[]}).unwrap_err()));
}
