import { paletteCss } from './palette.ts';

/** The page's style: one column, text at 13 px, tabular figures; nothing that asks for attention without meaning. */
export const styleCss = `${paletteCss}
:root{--ui:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;--mono:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace}
*{box-sizing:border-box;margin:0}
body{font:13px/1.5 var(--ui);background:var(--bg);color:var(--ink);font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1140px;margin:0 auto;padding:28px 36px 48px;background:var(--surface);min-height:100vh}
h1{font-size:20px;font-weight:600;letter-spacing:-.01em;line-height:1.25}
.sub{color:var(--muted);margin-top:2px;overflow-wrap:anywhere}
h2{font-size:15px;font-weight:600;margin:36px 0 10px;padding-top:10px;border-top:1px solid var(--line)}
h3{font-size:13px;font-weight:600;margin-bottom:4px}h3 span{font-weight:400;color:var(--muted);margin-left:6px}
.lead{font-size:15px;line-height:1.55;max-width:76ch;margin:16px 0 18px;overflow-wrap:anywhere}
dl.finding{grid-template-columns:88px minmax(0,1fr);gap:5px 14px;max-width:98ch;margin:-6px 0 20px}.finding dt{color:var(--ink);font-weight:600}
.same{display:block}
.notes{list-style:none;padding:0;margin:14px 0 0;display:flex;flex-wrap:wrap;gap:6px 10px}
.notes li,.mark{border:1px solid var(--warn);color:var(--warn);border-radius:3px;padding:1px 7px;font-size:12px;font-weight:400}
.mark{margin-left:8px;vertical-align:1px}
.fn{color:var(--muted);font-size:12px;max-width:100ch;margin-top:8px;overflow-wrap:anywhere}
figure{min-width:0}figcaption{font-weight:600;margin-bottom:4px;overflow-wrap:anywhere}
.chart{display:block;width:100%;height:auto}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:26px 36px;margin-top:14px}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--muted);font-size:12px;margin-top:6px}
.inputs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px 40px;align-items:start}
dl{display:grid;grid-template-columns:120px minmax(0,1fr);gap:2px 12px}dt{color:var(--muted);overflow-wrap:anywhere}dd{overflow-wrap:anywhere}
dl.wide{grid-template-columns:fit-content(38%) minmax(0,1fr);gap:4px 16px}
code,pre{font-family:var(--mono);font-size:12px}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--band);padding:8px 10px;border-radius:3px}
.user{max-width:86ch;overflow-wrap:anywhere}.user>*{margin-top:8px}.user h3,.user h4,.user h5,.user h6{font-size:13px;margin-top:14px}.user ul,.user ol{padding-left:22px}.user blockquote{border-left:2px solid var(--line);padding-left:10px;color:var(--muted)}.user a{color:var(--accent)}.user table{width:auto}.user th,.user td{text-align:left;white-space:normal}
.warnings{list-style:none;padding:0;margin-top:6px;font-size:12px}.warnings li{padding-left:10px;border-left:2px solid var(--line);margin-top:3px;overflow-wrap:anywhere}
.warnings b{font-weight:600}.warnings .undecoded{border-color:var(--warn)}.warnings .data-loss{border-color:var(--bad)}.warnings .data-loss b{color:var(--bad)}
.row{display:grid;grid-template-columns:168px minmax(0,1fr);gap:10px;align-items:center;margin-top:2px;break-inside:avoid}
.row>span{color:var(--muted);font-size:12px;text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;line-height:14px}
.row i{font-style:normal;color:var(--ink)}.row svg{display:block;width:100%}
.lane{margin-top:12px;padding-bottom:10px}.lane+.lane{border-top:1px solid var(--line);padding-top:10px}.lane h3{margin-left:178px}
.density{height:28px}.density path{fill:var(--dens)}
.band svg{height:12px}.band .bg{fill:var(--band)}
.events svg{height:12px;overflow:visible}
.ruler div{position:relative;height:18px;border-bottom:1px solid var(--line)}.ruler div span{position:absolute;color:var(--muted);font-size:11px;padding-left:4px;border-left:1px solid var(--line);height:18px;white-space:nowrap}
.legend{margin:8px 0 0 178px;display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--muted);font-size:12px}.legend svg{vertical-align:-1px;margin-right:5px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--muted);font-size:12px;padding-bottom:6px}
th,td{padding:4px 8px;text-align:right;vertical-align:top;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{font-size:12px;font-weight:600;color:var(--muted);vertical-align:bottom;white-space:normal}
tbody th{font-weight:500}th:first-child,.words,thead th:last-child{text-align:left}th:first-child{padding-left:0}
td small{display:block;color:var(--muted);font-size:11px;line-height:1.3}
.bar{height:3px;background:var(--band);margin-top:2px;min-width:64px}.bar i{display:block;height:3px;background:var(--dens)}
.verdict i{font-style:normal;font-size:10px;display:inline-block;width:12px}
.parameters th,.parameters td{padding:2px 8px;font-size:12px}.parameters th:first-child{padding-left:0}.parameters td{white-space:normal;overflow-wrap:anywhere}
.parameters thead th:nth-child(3){text-align:left}.parameters .assumed td:last-child{color:var(--warn)}
.sides{width:auto;min-width:min(100%,520px);margin-top:12px}.inputs .sides{width:100%}.sides caption{color:var(--ink);font-weight:600;overflow-wrap:anywhere}.sides th,.sides td{padding:2px 0 2px 14px;font-size:12px}.sides th:first-child{padding-left:0;text-align:left}.sides thead th{text-align:right}.sides thead th.words{text-align:left}.sides tbody th{padding-right:8px}
.verdicts{grid-template-columns:178px minmax(0,1fr);gap:0}.verdicts dt,.verdicts dd{padding:8px 0;border-bottom:1px solid var(--line)}
.verdicts dt{color:var(--ink);font-weight:500}.verdicts dt span{display:block}.verdicts dd p{max-width:86ch}.verdicts .verdict{font-weight:600}
footer{margin-top:36px;padding-top:10px;border-top:1px solid var(--line);color:var(--muted);font-size:12px}
@media(max-width:1019px){main{padding:20px 14px 36px}th,td{padding:4px 5px}.row{grid-template-columns:130px minmax(0,1fr)}.lane h3,.legend{margin-left:140px}.results{font-size:11px}.results thead th,.results td small{font-size:10.5px}.results th,.results td{padding:4px 2px}.results th:first-child{padding-left:0}.results tbody th,.results .words{white-space:normal}.results .verdict i,.bar{display:none}}
@media print{dl.wide{break-inside:avoid;grid-template-columns:fit-content(30%) minmax(0,1fr)}.wide code,.wide dd{font-size:7.5pt}body{background:none;font-size:9pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}h1{font-size:15pt}.lead{font-size:10.5pt}h2{margin-top:22px}h2,h3,figcaption,caption,.ruler,.sides thead{break-after:avoid}figure,tr,pre,.lane,.legend,.verdicts dt,.verdicts dd,.scroll,.inputs>div,.key{break-inside:avoid}.inputs{grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:16px 24px}.inputs:has(>:only-child),.charts{grid-template-columns:minmax(0,1fr);gap:14px}.charts figure{display:grid;grid-template-columns:62% minmax(0,1fr);gap:0 18px}.charts figcaption{grid-column:1/3}dl{grid-template-columns:84px minmax(0,1fr);font-size:8.5pt}dl.verdicts{grid-template-columns:150px minmax(0,1fr)}.fn,.key,.legend,caption,code,pre{font-size:8pt}.scroll{overflow:visible}.sides th,.sides td,.parameters th,.parameters td{font-size:8pt;padding:1px 0 1px 8px;white-space:normal}.sides td:not(.words){white-space:nowrap}.results{font-size:8pt}.results thead th,.results td small{font-size:7.5pt}.results th,.results td{padding:3px}.results tbody th,.results .words{white-space:normal}.results .verdict i,.bar{display:none}@page{size:A4;margin:14mm}}
`;
