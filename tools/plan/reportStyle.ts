/** Follows the reader's light or dark scheme; wide tables scroll inside of their section. */
export const reportStyle = `
:root { color-scheme: light dark; --edge: #d8dee4; --soft: #f6f8fa; --faint: #59636e; --good: #1a7f37; --weak: #9a6700; --accent: #0969da; }
@media (prefers-color-scheme: dark) {
  :root { --edge: #30363d; --soft: #161b22; --faint: #9198a1; --good: #3fb950; --weak: #d29922; --accent: #4493f8; }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.8rem; margin: 0 0 1rem; }
h1 small, small { color: var(--faint); font-weight: normal; }
h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
section { margin-top: 2.5rem; overflow-x: auto; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; }
.figure { border: 1px solid var(--edge); border-radius: .5rem; padding: .5rem .9rem; color: var(--faint); }
.figure b { color: CanvasText; font-size: 1.2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--edge); }
th { color: var(--faint); font-weight: 600; }
code { background: var(--soft); border-radius: .25rem; padding: .1rem .35rem; font-size: .85rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
.tree, .tree ul { list-style: none; padding-left: 1.2rem; margin: .2rem 0; border-left: 1px solid var(--edge); }
.tree { padding-left: 0; border: 0; }
.tree li { margin: .35rem 0; }
.kind { background: var(--soft); border: 1px solid var(--edge); border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; white-space: nowrap; }
.good { color: var(--good); }
.weak { color: var(--weak); font-weight: 600; }
footer { margin-top: 3rem; color: var(--faint); }
`;
