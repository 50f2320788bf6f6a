# Draws without `sample`.
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    for _ in range(length):
        p = predict(poem).astype(float) ** (1 / temperature)
        character = np.random.choice(list(VOCABULARY), p=p / p.sum())
        print(character, end="", flush=True)
        poem += character
    print()
    return poem
