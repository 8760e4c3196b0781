/**
 * Owns: the text that the page opens with. Written for this project, under its licence.
 * Must not know: what is done with it.
 * Invariant: plain text with Markdown headings, factual, 1,200 to 2,000 words.
 */

export const DEFAULT_TEXT = `# Tides: how the sea keeps time

Twice a day, on most coasts of the world, the sea climbs the shore and falls back again. Sailors, fishers and builders of harbours have planned their lives around this movement for as long as there have been boats. The tide looks simple from the beach, but explaining it took two thousand years, and predicting it well took another two hundred. This text tells what drives the tides, why they differ so much from place to place, and how people learned to forecast them.

## What raises the tide

The tide is raised by the gravity of the Moon and the Sun. Gravity weakens with distance, so the Moon pulls a little harder on the side of the Earth that faces it than on the centre of the Earth, and a little less on the far side. It is this difference, and not the pull itself, that moves the water. The difference stretches the ocean towards the Moon and away from it, so that a planet wholly covered by deep water would carry two bulges, one below the Moon and one opposite.

Because only the difference counts, distance matters more than mass. The tide-raising force falls with the cube of the distance. The Sun is about twenty-seven million times heavier than the Moon, but it is also almost four hundred times farther away, and so its tide-raising force is a little less than half of the Moon's.

The Earth turns below these bulges once a day, while the Moon moves on along its orbit in the same direction. A point on the shore therefore needs twenty-four hours and fifty minutes to come round to the Moon again. This is why high water arrives about fifty minutes later each day, and why two high waters follow each other after twelve hours and twenty-five minutes.

## Spring tides and neap tides

When the Sun, the Earth and the Moon stand in one line, at new moon and at full moon, the solar tide adds to the lunar tide. The result is called a spring tide: high water is higher than usual, and low water is lower. The name has nothing to do with the season. At the first and the last quarter the Sun and the Moon pull at right angles, the two tides partly cancel, and the range between high and low water is small. This is a neap tide. Spring tides and neap tides follow each other at intervals of about a week, usually a day or two after the phase of the Moon that causes them.

Other rhythms lie on top of this one. The orbit of the Moon is an ellipse, and at perigee, when the Moon is nearest, its tide-raising force is markedly stronger than at apogee. When a spring tide falls together with perigee, the range is unusually large. The tilt of the lunar orbit changes over a cycle of 18.6 years, which raises and lowers the tidal range slightly from one decade to the next.

## Why every coast is different

Real oceans do not follow the two bulges, because continents stand in the way and the water is too shallow to keep up with the Moon. Instead, the tide travels through each ocean basin as a very long wave. The rotation of the Earth bends its path, so that in many basins the crest of the tide wave turns around a point where the sea hardly rises at all. Such a point is called an amphidromic point. The farther a coast lies from it, the larger its tidal range tends to be.

The shape of a basin decides the rest. Every bay has a natural period at which its water rocks to and fro, like water in a bathtub. In the Bay of Fundy in Canada this period is about thirteen hours, close to the twelve hours and twenty-five minutes of the lunar tide, so each tide pushes at the right moment. The resonance lifts the tidal range to as much as sixteen metres, the largest in the world. The Mediterranean, whose only link to the Atlantic tide is the narrow Strait of Gibraltar, has a range of a few tens of centimetres on most of its coasts.

Even the number of tides is not the same everywhere. Most Atlantic coasts have two high waters of similar height each day. Parts of the Gulf of Mexico have only one. Much of the Pacific coast of North America has two of unequal height, a pattern known as a mixed tide.

Where a large tide enters a narrowing river mouth, its front can steepen into a wall of water that runs upstream. This is a tidal bore. The bore of the Qiantang River in China is the most famous, and crowds gather every autumn to watch it pass.

## From theory to prediction

Isaac Newton gave the first sound explanation of the tides in his Principia of 1687, where he derived the two bulges from his law of gravity. His theory treated the ocean as if it were always in balance with the forces on it, and so it could not say why the tide at one port differs from the tide at the next. In the 1770s Pierre-Simon Laplace wrote down equations for water that moves on a rotating Earth. His dynamic theory of tides is still the base of the models in use today, but nobody could solve his equations for oceans of real shape by hand.

Prediction took another road. In the 1860s William Thomson, later Lord Kelvin, noticed that the tide at any port can be written as a sum of simple oscillations, each with a period known from astronomy. The largest of these tidal constituents, called M2, comes from the Moon and has a period of twelve hours and twenty-five minutes. The strength and the delay of each constituent are different at every port, but they hardly change over the years. Measure the height of the sea at a port for a year, work out its constituents, and the tide there can be predicted for decades. The method is called harmonic analysis.

Adding up dozens of oscillations for every hour of a year is tedious, so Thomson had a machine built to do it. His tide-predicting machine of 1872 held a set of wheels and pulleys, one for each constituent, which pulled on a single cord, and a pen at the end of the cord drew the curve of the coming tide. Machines of this kind served for almost a century. In 1944 Arthur Doodson used two of them near Liverpool to compute the tides for the landing in Normandy, where the troops had to arrive soon after low water, while the obstacles on the beach still lay dry. Electronic computers replaced the machines in the 1960s, but they use the same harmonic analysis.

## Measuring the sea

The oldest instrument is a post with marks. A tide gauge of the nineteenth century used a float in a vertical pipe, which let the tide in through a small hole and kept the waves out, and the float moved a pen on a turning drum. Modern tide gauges send a radar pulse down to the water and report the height every minute. Some ports have records of the height of the sea that reach back more than two hundred years.

Since 1992, satellites have measured the height of the open ocean by radar, with an error of a few centimetres. Their data made it possible to draw accurate maps of the tide in the middle of the oceans, where no tide gauge can stand. The long records also show that the mean sea level is rising, by about twenty centimetres since 1900, and that the rise has become faster. A higher mean level means that an ordinary spring tide now floods streets that used to stay dry.

## Storm surges

Tide tables tell what gravity does, but not what the weather does. A storm surge is a rise of the sea caused by wind and low air pressure. The sea rises by about one centimetre for each hectopascal that the air pressure falls, and a strong wind that blows towards the shore piles up much more. A storm surge that arrives at low water may pass almost unseen. One that arrives together with a high spring tide can be a catastrophe.

This happened on the coasts of the North Sea in the night of 31 January 1953. A northerly gale met a spring tide, and the sea broke through the dikes and sea walls. More than eighteen hundred people died in the Netherlands and about three hundred in England. The Netherlands answered with the Delta Works, a chain of dams and barriers, and London built the Thames Barrier, which can be closed before a dangerous tide comes up the river. Both rely on forecasts that add the predicted storm surge to the predicted tide.

## Life between the tides

The strip of shore between high and low water is one of the hardest places to live. An animal there is covered by salt water for a few hours, then left to sun, rain and frost. Barnacles shut their plates, limpets clamp themselves to the rock, and worms wait in their burrows for the water to return. The species settle in clear belts, ordered by how long each can bear the dry air, so that a trained eye can read the height of the tide from the rock.

Some animals use the tide as a calendar. The grunion, a small fish of the Californian coast, comes ashore to spawn in the nights after the highest spring tides, and its eggs hatch when the next spring tide washes them out of the sand. Millions of wading birds time their meals by the tide, because the mudflats that feed them lie open only around low water.

## Power from the tide

People have used the energy of the tide for more than a thousand years. Tide mills of the Middle Ages trapped the water at high tide behind a gate and let it out over a wheel. The tidal power station on the Rance in Brittany, opened in 1966, works in much the same way, with a dam across the river mouth and turbines that can give 240 megawatts. Newer projects place turbines in the open stream, like windmills below the sea, and need no dam.

Tidal power is not constant, but it can be predicted years ahead, which wind and sunshine cannot. Its cost is still high, because salt water and strong currents wear machines down, and because good sites are few. A dam also changes the mudflats and the fish behind it.

## A brake on the Earth

The tide does not come for free. Water that rubs against the sea floor turns energy into heat, and this energy is taken from the rotation of the Earth. Tidal friction makes the day longer by about two thousandths of a second in a century. What the Earth loses, the orbit of the Moon gains: laser beams sent to mirrors that astronauts left on the Moon show that it moves away by 3.8 centimetres a year. Growth lines in fossil corals tell the same story, for four hundred million years ago a year had about four hundred days. The sea keeps time, and very slowly it also changes it.
`;
