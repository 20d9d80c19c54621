"""The forms of Chinese and English verse: what they ask for, how words sound, whether a poem keeps them."""
