/// The style sheet of report pages.
enum ReportStyle {
  static let page = """
    :root{color-scheme:light dark;--ink:#1d2125;--soft:#565d66;--line:#dfe3e8;--ground:#ffffff;--box:#f5f7f9;--mark:#0072b2;--warn:#8f4a00;--warnbox:#fff6e9}
    @media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#a3abb4;--line:#2f353c;--ground:#15181c;--box:#1d2227;--mark:#56b4e9;--warn:#f0b429;--warnbox:#2a2418}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
    main{max-width:760px;margin:0 auto;padding:28px 20px 64px}
    h1{font-size:clamp(1.5rem,5vw,2.1rem);line-height:1.2;margin:0 0 .4em;letter-spacing:-.01em}
    h2{font-size:1.35rem;line-height:1.3;margin:2.2em 0 .6em;padding-top:.7em;border-top:1px solid var(--line)}
    h3{font-size:1.05rem;line-height:1.35;margin:1.6em 0 .4em}
    p,ul,ol{margin:.7em 0}
    ul,ol{padding-left:1.4em}
    .lead{font-size:1.1rem;color:var(--soft)}
    a{color:var(--mark)}
    nav ol{margin:1.2em 0;padding:.7em 1em;list-style:none;background:var(--box);border-radius:8px}
    code{font:.9em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--box);padding:.1em .3em;border-radius:4px}
    pre{background:var(--box);border:1px solid var(--line);border-radius:8px;padding:.8em 1em;overflow-x:auto;margin:.8em 0}
    pre{line-height:1.45}
    pre code{background:none;padding:0;white-space:pre}
    pre.cmd code{white-space:pre-wrap}
    .cmd span{display:block;padding-left:1.4em;text-indent:-1.4em}
    .cmd span::before{content:"$ ";color:var(--soft);user-select:none;-webkit-user-select:none}
    .cmd{line-height:1.5}
    .cap{color:var(--soft);font-size:.92rem;margin-bottom:0}
    .note{border-left:3px solid var(--warn);background:var(--warnbox);padding:.6em .9em;border-radius:0 8px 8px 0}
    .claims{border:1px solid var(--mark);border-radius:10px;padding:.9em 1.1em;margin:1.3em 0}
    .claims h3{margin:0 0 .5em;color:var(--mark)}
    dl{margin:0}
    .claims dl>div{display:grid;grid-template-columns:11em 1fr;gap:0 1em;padding:.3em 0;border-top:1px solid var(--line)}
    .claims dl>div:first-child{border-top:0}
    dt{color:var(--soft);font-size:.92rem}
    dd{margin:0;min-width:0}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;margin:1.3em 0}
    .figures>div{background:var(--box);border-radius:8px;padding:.7em .9em;display:flex;flex-direction:column-reverse;justify-content:flex-end}
    .figures dd{font-size:1.45rem;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
    .figures dt{line-height:1.35}
    .scroll{overflow-x:auto;margin:1em 0;border:1px solid var(--line);border-radius:8px}
    .scroll:focus-visible,pre:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
    table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;padding:.6em .8em;color:var(--soft);border-bottom:1px solid var(--line)}
    th,td{padding:.45em .8em;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
    tbody tr:last-child td{border-bottom:0}
    th{font-weight:600;background:var(--box);vertical-align:bottom}
    .n{text-align:right;white-space:nowrap}
    th.n{white-space:normal}
    figure{margin:1.3em 0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
    figure svg.tp{display:block;width:100%;height:auto}
    figcaption{padding:.5em .9em .7em;color:var(--soft);font-size:.92rem;border-top:1px solid var(--line)}
    pre.out{background:none;border-style:dashed}
    .check{margin:.4em 0}.check span{color:var(--mark);font-weight:600}.failed span{color:var(--warn)}
    .narrow{display:none}
    @media (max-width:559px){main{padding:20px 14px 48px}.wide{display:none}.narrow{display:block}.claims dl>div{grid-template-columns:1fr}table{font-size:.86rem}th,td{padding:.4em .5em}pre{padding:.7em .8em}.figures{grid-template-columns:repeat(2,1fr)}}
    @media print{main{max-width:none;padding:0}.scroll,figure,pre,.claims{break-inside:avoid}nav{display:none}pre code{white-space:pre-wrap}}

    """
}
