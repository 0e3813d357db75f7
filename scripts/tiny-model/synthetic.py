"""Short chats and instructions made from word lists: they teach the base model to answer briefly and stop,
and give the complexity scorer requests whose demands are spread evenly. Written for this project."""

import random

CAPITALS = dict(
    France="Paris",
    Italy="Rome",
    Spain="Madrid",
    Germany="Berlin",
    Japan="Tokyo",
    China="Beijing",
    India="New Delhi",
    Egypt="Cairo",
    Greece="Athens",
    Portugal="Lisbon",
    Austria="Vienna",
    Poland="Warsaw",
    Norway="Oslo",
    Sweden="Stockholm",
    Finland="Helsinki",
    Denmark="Copenhagen",
    Ireland="Dublin",
    Canada="Ottawa",
    Cuba="Havana",
    Peru="Lima",
    Kenya="Nairobi",
    Russia="Moscow",
    Turkey="Ankara",
    England="London",
)
OPPOSITES = dict(
    hot="cold",
    big="small",
    up="down",
    fast="slow",
    light="dark",
    happy="sad",
    early="late",
    open="closed",
    wet="dry",
    hard="soft",
    old="young",
    full="empty",
    rich="poor",
    strong="weak",
    high="low",
    loud="quiet",
    easy="difficult",
    clean="dirty",
    near="far",
    good="bad",
    long="short",
    true="false",
    day="night",
    left="right",
)
COLOURS = dict(
    grass="green",
    snow="white",
    coal="black",
    blood="red",
    milk="white",
    gold="yellow",
    chocolate="brown",
) | {"the sky": "blue", "the sea": "blue", "a banana": "yellow", "a tomato": "red", "a leaf": "green"}
GROUPS = dict(
    fruits="apple banana orange pear grape mango cherry peach",
    animals="cat dog horse cow lion tiger bear rabbit",
    colours="red blue green yellow white black brown purple",
    vegetables="carrot potato onion pea bean cabbage tomato",
    sports="football tennis swimming running cycling golf hockey",
    metals="iron gold silver copper tin zinc lead",
    planets="Mercury Venus Earth Mars Jupiter Saturn Neptune",
    instruments="piano guitar violin drum flute trumpet",
    tools="hammer saw drill spade knife axe",
    drinks="water tea coffee milk juice lemonade",
)
PAST = dict(
    walk="walked",
    go="went",
    eat="ate",
    see="saw",
    run="ran",
    write="wrote",
    play="played",
    take="took",
    make="made",
    give="gave",
    find="found",
    sing="sang",
    buy="bought",
    swim="swam",
    think="thought",
    speak="spoke",
)
DEFINITIONS = {
    "a library": "A library is a place where people can read and borrow books.",
    "a doctor": "A doctor is a person who helps sick people to get well.",
    "a teacher": "A teacher is a person who helps students to learn new things.",
    "the sun": "The sun is a star. It gives the Earth light and heat.",
    "a computer": "A computer is a machine that can store data and follow a program.",
    "rain": "Rain is water that falls from the clouds to the ground.",
    "a friend": "A friend is a person whom you like and trust.",
    "exercise": "Exercise is any activity that keeps your body strong and healthy.",
    "a river": "A river is a long stream of water that flows to the sea.",
    "a recipe": "A recipe is a list of ingredients and steps for making a meal.",
    "a map": "A map is a drawing that shows where places are.",
    "music": "Music is sound that is arranged so that people enjoy it.",
    "a budget": "A budget is a plan for how to spend and save money.",
    "gravity": "Gravity is the force that pulls objects toward each other.",
    "a password": "A password is a secret word that protects an account.",
    "recycling": "Recycling means turning waste into something that can be used again.",
}
TIPS = dict(
    sleep="Go to bed at the same time every night.|Keep your room dark and quiet.|Avoid coffee in the evening.",
    health="Eat fresh fruit and vegetables.|Drink plenty of water.|Exercise every day.|Get enough sleep.",
    study="Make a plan for each day.|Take short breaks.|Review your notes often.|Find a quiet place to work.",
    money="Write down what you spend.|Set a budget for each month.|Save a small amount every week.",
    cooking="Use fresh ingredients.|Read the recipe before you start.|Taste the food as you cook.",
    travel="Pack only what you need.|Keep your passport in a safe place.|Learn a few words of the language.",
    writing="Use short sentences.|Choose clear words.|Read your text aloud.|Ask a friend to read it.",
    gardening="Water the plants in the morning.|Give them enough light.|Remove the weeds every week.",
)
NAMES = "Anna Ben Clara David Emma Frank Grace Henry Julia Leo Maria Sam".split()
PLACES = "forest park village garden river market school city".split()
THINGS = "key book ball letter map coin lamp hat box bird".split()
ENDINGS = (
    "It was the best day of the year.",
    "Everyone was happy.",
    "From then on they were friends.",
    "It was time to go home.",
    "It was a small thing, but it made all the difference.",
)
ASK_CAPITAL = "What is the capital of {}?|Name the capital city of {}.|Which city is the capital of {}?"
ASK_OPPOSITE = 'What is the opposite of "{}"?|Give an antonym of the word {}.|Find the opposite of {}.'
ASK_TIPS = "Give me some tips for {}.|How can I get better at {}?|List a few ideas about {}."
GREETINGS = (
    ("Hello!", "Hello! How can I help you today?"),
    ("Hi there", "Hi! What can I do for you?"),
    ("How are you?", "I am fine, thank you. How can I help you?"),
    ("Thank you!", "You are welcome!"),
    ("Good morning", "Good morning! How can I help you?"),
    ("Goodbye", "Goodbye! Have a nice day."),
    ("Who are you?", "I am a very small language model. I can write short English answers."),
)


def list_of(words):
    return ", ".join(words[:-1]) + " and " + words[-1]


def story(draw):
    name, place, thing = draw.choice(NAMES), draw.choice(PLACES), draw.choice(THINGS)
    friend = draw.choice([other for other in NAMES if other != name])
    return (
        f"One day {name} went to the {place} and found an old {thing}. {name} did not know whose it was, so "
        f"{name} asked {friend}. {friend} smiled and said that the {thing} had been lost for a long time. "
        f"Together they brought it back. {draw.choice(ENDINGS)}"
    )


def short_chat(draw):
    """One question and its answer, drawn from the tables above."""
    kind = draw.randrange(11)
    if kind == 0:
        country, city = draw.choice(list(CAPITALS.items()))
        return draw.choice(ASK_CAPITAL.split("|")).format(country), f"The capital of {country} is {city}."
    if kind == 1:
        word, opposite = draw.choice(list(OPPOSITES.items()))
        question = draw.choice(ASK_OPPOSITE.split("|")).format(word)
        return question, f'The opposite of "{word}" is "{opposite}".'
    if kind == 2:
        thing, colour = draw.choice(list(COLOURS.items()))
        return f"What color is {thing}?", f"{thing.capitalize()} is {colour}."
    if kind == 3:
        group, count = draw.choice(list(GROUPS)), draw.randint(2, 4)
        words = draw.sample(GROUPS[group].split(), count)
        names = {2: "two", 3: "three", 4: "four"}
        asked = draw.choice(["Name {} {}.", "List {} {}.", "Give me {} examples of {}."])
        listed = "\n".join(f"{index + 1}. {word.capitalize()}" for index, word in enumerate(words))
        short = f"{names[count].capitalize()} {group} are {list_of(words)}."
        return asked.format(names[count], group), listed if asked.startswith("List") else short
    if kind == 4:
        word, past = draw.choice(list(PAST.items()))
        return f'What is the past tense of "{word}"?', f'The past tense of "{word}" is "{past}".'
    if kind == 5:
        thing, definition = draw.choice(list(DEFINITIONS.items()))
        return draw.choice(["What is {}?", "Explain what {} is.", "Define {}."]).format(thing), definition
    if kind == 6:
        topic, tips = draw.choice(list(TIPS.items()))
        lines = "\n".join(f"{index + 1}. {tip}" for index, tip in enumerate(tips.split("|")))
        return draw.choice(ASK_TIPS.split("|")).format(topic), f"Here are some tips:\n{lines}"
    if kind == 7:
        left, right = draw.randint(1, 9), draw.randint(1, 9)
        return f"What is {left} + {right}?", f"{left} + {right} = {left + right}"
    if kind == 8:
        return draw.choice(["Tell me a short story.", "Write a short story.", "Tell a story."]), story(draw)
    if kind == 9:
        word, group = draw.choice([(word, group) for group in GROUPS for word in GROUPS[group].split()])
        return f"What kind of thing is {word}?", f"{word.capitalize()} belongs to the {group}."
    return draw.choice(GREETINGS)


def short_chats(count, seed=0):
    """`count` short chats as (instruction, output)."""
    draw = random.Random(seed)
    return [short_chat(draw) for _ in range(count)]


TASKS = (
    "Write a story about {}.",
    "Explain {}.",
    "Name three facts about {}.",
    "Describe {}.",
    "Write a poem about {}.",
    "Compare {} and {}.",
    "Design a plan for teaching {}.",
    "Summarize what is known about {}.",
    "What is {}?",
    "Analyze how {} affects {}.",
    "Write a Python function that models {}.",
    "Discuss the causes of {}.",
    "Define {}.",
)
TOPICS = (
    "winter",
    "the ocean",
    "a small business",
    "music",
    "climate change",
    "democracy",
    "a healthy diet",
    "photosynthesis",
    "machine learning",
    "public transport",
    "the French Revolution",
    "friendship",
    "inflation",
    "a chess game",
    "gravity",
    "renewable energy",
    "a school library",
    "honey bees",
    "supply chains",
    "sleep",
    "cells",
    "a river",
)
DEMANDS = (
    "Use at most {} words.",
    "Give {} examples and justify each one.",
    "Write it for a {}.",
    "Do not mention the word {}.",
    "First list your assumptions, then derive the result step by step.",
    "Compare at least {} alternatives and evaluate their trade-offs.",
    "Include a table with {} columns.",
    "If the reader is a {}, adapt the tone.",
    "Explain why each step is necessary.",
    "End with a short conclusion.",
    "Make sure that every paragraph has exactly {} sentences.",
    "Mention the limitations and suggest improvements.",
    "Cite {} sources unless none exist.",
    "Also predict what happens in {} years.",
    "Keep it simple.",
)
FILLERS = (
    "two",
    "three",
    "five",
    "child",
    "manager",
    "scientist",
    "beginner",
    "good",
    "because",
    "teacher",
    "ten",
)


def demanding_instructions(count, seed=1):
    """`count` instructions: a task, a topic and from none to seven further demands."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        task = draw.choice(TASKS)
        demands = draw.sample(DEMANDS, draw.randint(0, 7))
        filled = [task.format(*draw.sample(TOPICS, task.count("{}")))]
        filled += [demand.format(*draw.sample(FILLERS, demand.count("{}"))) for demand in demands]
        made.append(" ".join(filled))
    return made
