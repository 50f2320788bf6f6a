# A list of characters, joined at the end.
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    characters = list(poem)
    for i in range(length):
        preds = predict("".join(characters))
        characters.append(VOCABULARY[sample(preds, temperature)])
        print(characters[-1], end="", flush=True)
    print()
    return "".join(characters)
