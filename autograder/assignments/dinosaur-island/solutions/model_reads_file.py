# Reads the file instead of `data`.
# %%
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    with open("datasets/dinos.txt") as f:
        examples = f.readlines()
    examples = [x.lower().strip() for x in examples]
    np.random.seed(0)
    np.random.shuffle(examples)
    for j in range(num_iterations):
        name = [char_to_ix[char] for char in examples[j % len(examples)]]
        X, Y = [None] + name, name + [char_to_ix["\n"]]
        cur_loss, gradients, a_prev = optimize(X, Y, a_prev, parameters)
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            print("Iteration: %d, Loss: %f" % (j + 1, loss), "\n")
            seed = 0
            for name in range(dino_names):
                sampled_indices = sample(parameters, char_to_ix, seed)
                print_sample(sampled_indices, ix_to_char)
                seed += 1
            print("\n")
    return parameters
