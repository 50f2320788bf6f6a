# Takes what is given from the module, and prints in another way.
# %%
import sys

from utils import shakespeare
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = shakespeare.known_characters(shakespeare.ask_for_prompt() if prompt is None else prompt)
    sys.stdout.write(poem)
    for _ in range(length):
        preds = shakespeare.predict(poem)
        index = sample(preds, temperature)
        for char, number in shakespeare.CHAR_INDICES.items():
            if number == index:
                sys.stdout.write(char)
                sys.stdout.flush()
                poem += char
    return poem
