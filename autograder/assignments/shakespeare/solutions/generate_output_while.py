# A while loop that counts what is there, and keywords.
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    goal = len(poem) + length
    while len(poem) < goal:
        index = sample(preds=predict(text=poem), temperature=temperature)
        poem = poem + VOCABULARY[index]
        print(poem[-1], end="", flush=True)
    print()
    return poem
