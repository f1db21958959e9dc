"""usage: addcheck.py NN : writes/refreshes the section Check yourself of chapter NN from its table."""
import sys, re, nbformat, inspect
from pathlib import Path
from distunlearn_lite.course.checking import exercises
from tools.notebooks import chapters, normal_form
NAMES = {}  # exercise id -> (variable, signature) taken from NAMES.txt? see below
n=int(sys.argv[1]); path=next(p for p in chapters() if p.stem.startswith(f"{n:02d}"))
nb=nbformat.read(path,as_version=4)
rows=list(exercises(n).values())
INTRO='''## Check yourself

The answers to these are not printed. Put yours in the place of the dots and run the cell: `check` says whether it is right and, for a slip that is often made, which one it is. `hint("ID")` gives one hint after the other.
'''
def stub(row):
    if row.answer=="value":
        name=row.id.split("-",2)[2].replace("-","_")
        return f'{name} = ...\ncheck("{row.id}", {name})'
    sig=re.search(r"`(\w+\([^`]*\))`",row.asked)[1]
    name=sig.split("(")[0]
    return f'def {sig}: ...\n\n\ncheck("{row.id}", {name})'
# take off an old section
start=next((i for i,c in enumerate(nb.cells) if c.cell_type=="markdown" and c.source.startswith("## Check yourself")),None)
end=next(i for i,c in enumerate(nb.cells) if c.cell_type=="markdown" and "## Further reading" in c.source)
if start is not None: del nb.cells[start:end]; end=start
tail=nb.cells[end]
if not tail.source.startswith("## Further reading"):
    head,_,rest=tail.source.partition("## Further reading")
    tail.source=head.rstrip()
    nb.cells.insert(end+1,nbformat.v4.new_markdown_cell("## Further reading"+rest)); end+=1
new=[]
for k,row in enumerate(rows):
    text=f":::{{exercise}} {row.level} {row.title}\n:label: {row.id}\n{row.question()}\n:::"
    new.append(nbformat.v4.new_markdown_cell((INTRO+"\n" if not k else "")+text))
    code=stub(row)
    if not k: code="from distunlearn_lite import check, hint\n\n"+("\n" if code.startswith("def") else "")+code
    cell=nbformat.v4.new_code_cell(code)
    new.append(cell)
nb.cells[end:end]=new
# execution counts and outputs of what is new: run them alone
count=max((c.execution_count or 0) for c in nb.cells if c.cell_type=="code" and c not in new)
for c in new:
    if c.cell_type!="code": continue
    count+=1; c.execution_count=count
    row=re.search(r'check\("([^"]+)"',c.source)[1]
    c.outputs=[nbformat.v4.new_output("execute_result",data={"text/plain":f"{row}: not tried yet"},execution_count=count)]
path.write_text(normal_form(nb),encoding="utf-8")
