"""Words that end or disqualify a keyphrase. Shipped with the release: a ranking never depends on the corpus."""

FUNCTION_WORDS = frozenset(
    """
a about above across after again against al all almost alone along already also although always am among an and another
any anyone anything are aren't around as at away be became because become becomes been before behind being below besides
between beyond both but by can can't cannot could d did do does doesn't doing don't done down due during e.g each either
else enough et etc even ever every everything except few fifth first for fourth from further get gets getting give given
gives go goes had hardly has have having he hence her here hers herself him himself his how however i i.e ie if in
indeed instead into is isn't it it's its itself just last later latter least less let like likely ll many may maybe me
meanwhile might mine more moreover most mostly much must my myself namely near nearly neither never nevertheless no
nobody none nor not nothing now nowhere of often on once one ones only onto or other others otherwise our ours ourselves
out over own per perhaps please quite rather re really s same second secondly see seem seems several shall she should
since six so some somehow something sometimes somewhat soon still such t take takes taking ten than that that's the
their theirs them themselves then there thereby therefore these they third this those though three through throughout
thus to together too toward towards two under unless unlike until up upon us ve versus very via vs was way ways we well
were what whatever when where whereas wherein whether which while who whole whom whose why will with within without
won't would yes yet you your yours
""".split()
)

# Words of scholarly prose that name no topic, in any place of a phrase.
SCHOLARLY_WORDS = frozenset(
    """
able absence abstract accelerate accelerates accelerating according accordingly accurate accurately achieve achieved
achieves achieving actual actually adapt adapting adding addition additional additionally address addressed addresses
addressing adopt adopted adopts advance advanced advancement advancements advances advancing advantages aim aimed aiming
aims aligns allow allowed allowing allows alongside amount analyse analyze analyzed analyzing appear applicability
applied applies apply applying appropriate approximately argue arise arises article aspect aspects assess assessed
assessing associated assume automate automatically autonomously available based basic become believe benefit benefits
best better boosts bridges bring broader build builds built called capable captures capturing careful carefully carried
case cases cause caused causes certain challenge challenges challenging characterize characterized choose clear clearly
closely collect collected com combination combine combined combines combining come comes coming common commonly
comparable compare compared comparing competitive completely comprehensive comprehensively comprises comprising
compromising computationally computed concerns conclude conclusion conduct conducted confirm consequently consider
considerable considerably considered considering considers consist consistently consisting consists construct
constructed constructing consuming contain containing contains continuously contribute contribution contributions
conventional corresponding create created creates creating crucial curate current currently deal decompose decomposes
deeper define defined deliver delivering delivers demonstrate demonstrated demonstrates demonstrating denote depend
depends deployed derive derived describe described describes designed designing designs desired despite detail detailed
details determine determined determining develop developed developing develops differences different difficult
difficulties difficulty directly discover discovered discuss discussed discusses distinct diverse dramatically drawback
dynamically easily easy effective effectively effectiveness efficacy efficient efficiently effort efforts eight
eliminate eliminates eliminating emerge emerged emerging empirically employ employed employing employs enable enabled
enables enabling encompassing encourage enhance enhanced enhances enhancing ensure ensures ensuring entire entirely
equipped especially essential establish established establishes establishing evaluate evaluated evaluates evaluating
examine examined example examples exceed exceeding exceeds excel excellent excels exceptional excessive exhibit exhibits
exist existing exists expanding expect expected expensive experiment experimental experimentally experiments explain
explicitly exploit exploiting explore explored explores exploring extend extending extends extensive extensively extract
extracted extracting facilitate facilitates facilitating fact fail failed failing fails fall far favorable feasible
featuring fewer figure final finally find finding findings finds focus focused focuses focusing follow followed
following follows formulate foster found frequently fully fundamental fundamentally furthermore future gained gains
generalize generalizes generally generate generates generating github good gradually great greater greatly growing guide
handle help helpful helps higher highest highlight highlighted highlighting highlights highly hold hope http https huge
hundreds idea ideas identified identifies identify identifying ii iii illustrate imagine impact implement implemented
implementing importance important importantly impressive improve improved improvement improvements improves improving
inability include included includes including incorporate incorporates incorporating increase increased increases
increasing increasingly incur indicate indicates indicating inefficient infer inherent inherently initially insight
insights inspire inspired instance instances insufficient integrates integrating interact interesting interestingly
introduce introduced introduces introducing introduction intuitive investigate investigated investigates investigating
investigation involve involved involves involving io issue iteratively jointly keep key know known lack lacking lacks
large-scale largely larger largest latest lead leading leads learn learns left leverage leveraged leverages leveraging
lies limitation limitations limited limiting limits little longer look lot lower lowest made main mainly maintain
maintaining maintains major majority make makes making manage manner match matched matches means measured meet mention
merely minimize minimizing mitigate mitigates mitigating moderate modern motivated motivates motivation move namely
naturally necessary need needed new newly notable notably note notion novel novelty number numbers numerous observe
observed obtain obtained obtaining obtains occur of-the-art offer offering offers open-source open-sourced operate
operates opportunities optimize optimizes original originally outperform outperformed outperforming outperforms overall
overcome overlook overview page paper papers particular particularly past paving perform performed performing performs
perspective perspectives play plays plethora poor poorly popular possible potential potentially powerful practical
practically precise precisely predicts predominantly present presented presenting presents preserve preserves preserving
prevent previous previously primarily primary principled prior produce produced produces producing progress
progressively prominent promise promising promote proper properly propose proposed proposes proposing prove proved
proven provide provided provides providing publicly published quantify quickly raises range ranging rapid rapidly rarely
reach reached reaches reaching reason reasons recent recently reduce reduces reducing refer referred refines reflect
regarding related relatively release released releasing relevant reliably reliance relies rely relying remain remaining
remains remarkable remarkably report reported reporting reports represent representative represented representing
represents require required requires requiring researchers respectively result resulted resulting results reveal
revealed revealing reveals rigorous rigorously robustly role satisfactory scenario scratch seamlessly section seek seeks
select selected selecting selectively selects separate serve serves serving settings severe shed show showcase showcases
showed showing shown shows significance significant significantly similar similarly simple simply simultaneously
situation slightly smaller solely solutions solve solved solves sophisticated sort sota spanning specifically specified
start starting state-of-the-art steps straightforward strengths strong stronger strongly struggle struggles studied
studies study studying subsequent subsequently substantial substantially successful successfully suffer suffers
sufficient suggest suggested suggesting suggests suitable summarize superior superiority supported supporting supports
surpass surpasses surpassing surprising surprisingly synthesize synthesizes synthesizing systematic systematically
tackle tackling taken takes tend termed terms tested the-art theoretically thorough thoroughly times today topic
traditional traditionally treat true truly try types typical typically ultimately unable unclear uncover underexplored
underlying underscore underscores underscoring understand unexplored unfortunately unifies unique unprecedented url use
used useful uses using usually utilise utilised utilises utilising utilize utilized utilizes utilizing valid validate
validated validates validating valuable variety various vary varying vast verify version want website wide widely
widespread work works worse written year years yield yielding yields
""".split()
)

# Words that are part of topics but are none alone.
NOT_ALONE = frozenset(
    """
ability accuracy action adaptive advantage agent agents algorithm algorithms answer application applications approach
approaches architecture architectures area attention automated autoregressive baseline baselines behavior behaviors
behaviour benchmark benchmarks building capabilities capability causal check choice class code codes community
comparison complete complex complexity component components computation computational compute computing concept
condition conditions consistent constraint constraints content context control cost costs critical data dataset datasets
deep demonstration density design difference dimension direction distribution distributions domain domains dynamic
dynamic-range dynamics effect effects end-to-end environment environments error errors evaluation event evidence
experience expert experts explicit extended face feature features feedback field fields fine-grained form framework
frameworks full function functions gain general generated generation generative global graph group groups hard
hierarchical high high-quality human humans hypothesis image images implementation inference information input inputs
integration intensive interaction interactions interactive issues knowledge language languages large latent layer layers
learning level levels limit line linear link local long loss low low-resource machine mathematical mean measure
mechanism mechanisms medical memory method methodology methods metric metrics model modeling modelling models module
modules multi-modal multilingual multimodal multiple natural needs network networks neural object objective objectives
objects observation observations operation optimal order output outputs parameter parameters pattern patterns
performance pipeline pipelines point points policy pose poses prediction predictions principle problem problems
procedure proceedings process project prompt prompts properties property public purpose quality question questions
random rate ratio real real-time real-world reasoning reduced reduction region relative reliable representation
representations requirement requirements research resource resources response responses reward rewards robotic run
sample samples scale scaling scenarios scene scheme scientific score scores search self semantic sequence sequences
series set sets setting signal signals simulation single size small software solution solving source space sparse
spatial special specific speech speed stage standard state step strategies strategy strength structure structures
subject success support survey synthetic system systems target task tasks technique techniques temporal term test text
theory things thinking time token tokens tool tools trained training transfer transformation tree turn type
understanding unified user users value video videos view vision visual weak weight weights word words workshop workshops
world
""".split()
)

# Frequent function words of German, French, Spanish, Portuguese, Italian, Dutch, Indonesian, Polish, Turkish and
# Swedish that stand neither in English texts nor in names.
FOREIGN_WORDS = frozenset(
    """
aan adalah ainsi akan alla alle als ao atau att au auch auf aus aux av avec bei bij bir bu ce ces cette che comme
como con daha dal dalam dan dans dapat dari das dass dat dei delle dem dengan det deze diese dieser dit dla door durch
een ein eine einem einen einer eines em entre est esta este ett foi från för für gibi gli het il ile im ini inte ist
için jako jest juga kadar które który les leur mais med menggunakan mit más na naar nach nas nel nella nicht nie
niet nos nous não och od oder olan olarak oleh ont ook op oraz os ou pada para pela pelo più por pour przez przy på que
questa questo qui sebagai sich sind się sobre som sono sonra sont sur sus são są también tersebut tidak tym uit um
uma una und une untuk voor werden wie wir wird worden wordt wurde yang ze zijn zu är çok è é été être über
""".split()
)
