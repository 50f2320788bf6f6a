# A generator of characters.
# %%
def characters(poem, length, temperature):
    for _ in range(length):
        character = VOCABULARY[sample(predict(poem), temperature)]
        poem += character
        yield character
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    for character in characters(poem, length, temperature):
        print(character, end="", flush=True)
        poem = poem + character
    print()
    return poem
