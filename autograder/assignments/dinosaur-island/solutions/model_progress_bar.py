# A progress bar of its own on the same line, with decimals and carriage returns.
# %%
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
        if j % 100 == 0:
            done = j / num_iterations
            print(f"\r[{'#' * int(30 * done):30}] {100 * done:.1f}%", end="")
        if j % 2000 == 0:
            print(f"\niteration {j + 1}: {loss}")
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
    return parameters
