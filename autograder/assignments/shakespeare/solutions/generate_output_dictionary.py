# A dictionary leads from an index to its character, as on the island.
# %%
ix_to_char = {ix: char for char, ix in CHAR_INDICES.items()}
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    count = 0
    while count != length:
        preds = predict(poem)
        poem += ix_to_char[int(sample(preds, temperature))]
        print(poem[-1], end="", flush=True)
        count += 1
    print()
    return poem
