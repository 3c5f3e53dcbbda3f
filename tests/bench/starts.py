"""What a start costs, cold and warm, and how large things are."""

import json
import subprocess

from clock import environment, medians, peak_mib, seconds, table


def measure(massgen, upstream, work):
    """Times of small commands, and of a plugin that is compiled."""
    home = work / "home"
    home.mkdir(exist_ok=True)
    seen = medians({
        "`massgen --version`": f"{massgen} --version",
        "`massgen plugin list`": f"{massgen} plugin list",
        "`massgen models` (decodes all prices)": f"{massgen} models",
        "`massgen plugin inspect openai` (compiles the component to time it)": f"{massgen} plugin inspect openai",
    }, home)
    seen |= medians({"the same without a cache": f"{massgen} plugin inspect openai"},
                    home, runs=10, prepare=f"rm -rf {home}/.cache")
    if upstream:
        seen |= medians({"MassGen's own `--help`": f"{upstream} --help"}, home, runs=3, warm=1)
    rows = [[name, seconds(value)] for name, value in seen.items()]
    peak = peak_mib([massgen, "plugin", "inspect", "openai"], home)
    rows.append(["peak memory of `massgen plugin inspect openai`", f"{peak:.0f} MiB"])
    return table(["start", "median"], rows)


def sizes(massgen, work):
    """The program, and each component in it."""
    listed = subprocess.run([massgen, "plugin", "list", "--json"], env=environment(work), check=True, stdout=subprocess.PIPE)
    rows = [["`massgen`, stripped", f"{massgen.stat().st_size:,}"]]
    rows += [[f"component `{plugin['id']}`", f"{plugin['bytes']:,}"] for plugin in json.loads(listed.stdout)["plugins"]]
    return table(["file", "bytes"], rows)
