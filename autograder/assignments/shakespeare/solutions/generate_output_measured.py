# Says how long it took.
# %%
import time
# %%
def generate_output(prompt=None, length=400, temperature=0.6):
    start = time.time()
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    print(poem, end="")
    for _ in range(0, length):
        next_char = VOCABULARY[sample(predict(poem), temperature)]
        print(next_char, end="", flush=True)
        poem = "".join((poem, next_char))
    print(f"\n({time.time() - start:.1f} s)")
    return poem
