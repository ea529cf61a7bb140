"""Which of two pacings is earlier, by how much, and whether the data can say so.  Pure: numbers in, numbers out.

The way of a comparison:

    timer = paced("timer pacing", [series of each run])                         `paced`: runs and their seconds
    at_p99 = quantile(timer, 990, generator)                             `bootstrap`: a quantile and how sure it is
    difference = change(at_p99 of timer, at_p99 of interrupt)            `estimate`
    judgements = judge({guest: difference, ...}, margin_ns)              `verdict`: Holm over guests
    sentence(Names("timer pacing", "interrupt pacing", "p99"), judgement, margin_ns)   `sentence`: in words

Beside it stand `rates` (underruns per second and their ratio), `effect` (Cliff's delta, Hodges-Lehmann) and
`ranks` (the interval of a quantile of independent values).  `special` has the distributions that numpy has not.

Whatever the data cannot carry is a `TooLittle` that says why, never a number.
"""
