# Cuts the window itself.
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    window = poem[-40:]
    for _ in range(length):
        character = VOCABULARY[int(sample(predict(window), temperature))]
        print(character, end="", flush=True)
        window = (window + character)[-40:]
        poem += character
    print()
    return poem
