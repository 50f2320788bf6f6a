# The loss collected, and drawn at the end.
# %%
import matplotlib.pyplot as plt
# %%
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    names = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(names)
    losses = []
    for j in range(num_iterations):
        letters = [char_to_ix[char] for char in names[j % len(names)]]
        new_loss, gradients, a_prev = optimize([None] + letters, letters + [char_to_ix["\n"]], a_prev, parameters, 0.01)
        loss = smooth(loss, new_loss)
        losses.append(loss)
        if j % 2000 == 0:
            print("Iteration: %d, Loss: %f" % (j + 1, loss))
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
    plt.plot(losses)
    plt.xlabel("iteration")
    plt.show()
    return parameters
