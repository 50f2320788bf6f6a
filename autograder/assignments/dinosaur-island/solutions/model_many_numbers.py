# Time, rate and the name's loss beside it.
# %%
import time

start = time.perf_counter()

def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    examples = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(examples)
    for j in range(num_iterations):
        name = [char_to_ix[char] for char in examples[j % len(examples)]]
        cur_loss, gradients, a_prev = optimize([None, *name], [*name, char_to_ix["\n"]], a_prev, parameters)
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            print(f"[{time.perf_counter() - start:.2f}s] it {j + 1}/{num_iterations} lr=0.01 one={cur_loss:.2f} smooth={loss:.4f}")
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
    return parameters
