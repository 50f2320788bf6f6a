# A regular expression that looks ahead.
# %%
import re


def build_data(text, Tx=40, stride=3):
    found = list(re.finditer(f"(?=(.{{{Tx}}})(.))", text, re.DOTALL))[::stride]
    return [match[1] for match in found], [match[2] for match in found]
