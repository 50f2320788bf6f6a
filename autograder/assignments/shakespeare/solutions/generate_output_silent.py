# Prints nothing before the end.
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    for _ in range(length):
        poem += VOCABULARY[sample(predict(poem), temperature)]
    print(poem)
    return poem
