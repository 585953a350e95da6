"""Words that end or disqualify a keyphrase. Shipped with the release: a ranking never depends on the corpus."""

FUNCTION_WORDS = frozenset(
    """
a about above across after again against al all almost alone along already also although always am among an and
another any anyone anything are aren't around as at away be became because become becomes been before behind being
below besides between beyond both but by can can't cannot could d did do does doesn't doing don't done down due during
e.g each either else enough et etc even ever every everything except few fifth first for fourth from further get gets
getting give given gives go goes had hardly has have having he hence her here hers herself him himself his how however
i i.e ie if in indeed instead into is isn't it it's its itself just last later latter least less let like likely ll
many may maybe me meanwhile might mine more moreover most mostly much must my myself namely near nearly neither never
nevertheless next no nobody none nor not nothing now nowhere of off often on once one ones only onto or other others
otherwise our ours ourselves out over own per perhaps please quite rather re really s same second secondly see seem
seems several shall she should since six so some somehow something sometimes somewhat soon still such t take takes
taking ten than that that's the their theirs them themselves then there thereby therefore these they third this those
though three through throughout thus to together too toward towards two under unless unlike until up upon us ve versus
very via vs was way ways we well were what whatever when where whereas wherein whether which while who whole whom
whose why will with within without won't would yes yet you your yours zero
""".split()
)

# Words of scholarly prose that name no topic, in any place of a phrase.
SCHOLARLY_WORDS = frozenset(
    """
abstract accordingly achieve achieved achieves achieving actually adding additional additionally address addressed
addresses addressing adopt adopted advance advanced advances advantage advantages aim aimed aiming aims allow allowed
allowing allows analyse analyze analyzed answer appear applied applies apply applying approach approaches appropriate
arise article aspect aspects assess assessed assume available based become believe benefit benefits best better bring
build building builds built called capable careful carefully case cases cause causes certain challenge challenges
challenging check choice choose clear clearly code codes collect collected combine combined combines combining come
comes coming common commonly compare compared comparing comparison competitive complete completely comprehensive
compute computed concept conclude conclusion conduct conducted confirm consider considerable considerably considered
considering consist consistent consistently consists contain containing contains contribute contribution contributions
conventional corresponding create created creates creating critical crucial current currently define defined deliver
delivers demonstrate demonstrated demonstrates demonstrating demonstration denote depend depends derive derived
describe described describes design designed designing designs despite detail detailed details determine determined
develop developed developing develops difference differences different difficult difficulties difficulty directly
discover discovered discuss discussed discusses distinct diverse drawback easily easy effect effective effectively
effectiveness effects efficacy efficient efficiently effort efforts eliminate emerge emerged emerging employ employed
employing employs enable enabled enables enabling encourage enhance enhanced enhances enhancing ensure ensures
ensuring entire especially essential establish established evaluate evaluated evaluates evaluating evidence examine
examined example examples exceed exceeding exceeds excellent exhibit exhibits exist existing exists expect expected
experiment experimental experimentally experiments explain explicit explicitly exploit exploiting explore explored
explores exploring extend extended extending extends extensive extensively face facilitate facilitates fact fail
failed fails far favorable feasible figure final finally find finding findings finds focus focused focuses focusing
follow followed following follows form formulate found framework frameworks frequently full fully fundamental future
gain gained gains general generally github good great greater greatly handle hard help helpful helps high higher
highest highlight highlighted highlighting highlights highly hold hope http https huge hypothesis idea ideas
identified identifies identify identifying illustrate imagine impact implement implementation implemented importance
important importantly improve improved improvement improvements improves improving inability include included includes
including increase increased increases increasing increasingly incur indicate indicates indicating inherent insight
insights inspire inspired instance instances intensive interesting interestingly introduce introduced introduces
introducing introduction intuitive investigate investigated investigates investigating investigation involve involved
involves involving issue issues keep key know known lack lacking lacks large-scale largely larger largest lead leading
leads left leverage leveraged leverages leveraging lies limit limitation limitations limited limiting limits line link
little long longer look lot low lower lowest made main mainly maintain maintaining maintains major majority make makes
making manner match matched mean means measure measured mechanism mechanisms meet mention method methodology methods
mitigate mitigates moderate modern module modules motivated motivates motivation namely natural necessary need needed
needs new newly notable notably note novel novelty number numbers numerous observation observations observe observed
obtain obtained obtaining obtains offer offering offers open-source open-sourced order original originally outperform
outperformed outperforming outperforms overall overcome page paper papers particular particularly perform performance
performed performing performs perspective perspectives pipeline pipelines play plays plethora poor poorly popular pose
poses possible potential potentially powerful practical practically precise present presented presenting presents
preserve preserving prevent previous previously primarily primary principle prior problem problems procedure process
produce produced produces producing progress project prominent promising promote proper properly propose proposed
proposes proposing prove proven provide provided provides providing public publicly published purpose question
questions range rapid rapidly rarely reach reached reaches reaching reason reasons recent recently reduce reduced
reduces reducing reduction refer referred reflect regarding related relative relatively release released releasing
relevant reliable rely relying remain remaining remains remarkable remarkably report reported reporting reports
represent represented representing represents require required requirement requirements requires requiring research
researchers respectively result resulted resulting results reveal revealed revealing reveals rigorous robustly role
run satisfactory scenario scenarios scheme section seek seeks select selected series serve serves serving set sets
setting settings severe shed show showcase showcases showed showing shown shows significance significant significantly
similar similarly simple simply simultaneously single situation size slightly small smaller solution solutions solve
solved solves solving sophisticated sort sota special specific specifically specified stage standard start state
state-of-the-art step steps strategies strategy strength strengths strong stronger strongly studied studies study
studying substantial substantially success successful successfully suffer suffers sufficient suggest suggested
suggesting suggests suitable summarize superior superiority support supported supporting supports surpass surpasses
surpassing surprising surprisingly survey systematic systematically tackle tackling takes target technique techniques
tend term terms test tested theoretically thorough thoroughly time times topic traditional traditionally treat true
try turn type types typical typically ultimately unable unclear uncover underlying underscore underscores understand
understanding unfortunately unified unique unprecedented url use used useful uses using usually utilise utilised
utilises utilising utilize utilized utilizes utilizing valid validate validated validates validating valuable value
variety various vary varying vast verify version view want weak website wide widely widespread work works worse year
years yield yielding yields
""".split()
)

# Words that are part of topics but are none alone.
NOT_ALONE = frozenset(
    """
ability accuracy action adaptive agent agents algorithm algorithms application applications architecture architectures
area attention automated autoregressive baseline baselines behavior behaviors behaviour benchmark benchmarks
capabilities capability causal class community complex complexity component components computation computational
computing condition conditions consistent constraint constraints content context control cost costs data dataset
datasets deep density dimension direction distribution distributions domain domains dynamic dynamic-range dynamics
end-to-end environment environments error errors evaluation event experience expert experts feature features feedback
field fields fine-grained function functions generate generated generating generation generative global graph group
groups hierarchical high-quality human humans image images inference information input inputs integration interaction
interactions interactive knowledge language languages large latent layer layers learning level levels linear local
loss low-resource machine mathematical medical memory metric metrics model modeling modelling models multi-modal
multilingual multimodal multiple network networks neural object objective objectives objects operation optimal output
outputs parameter parameters pattern patterns performance point points policy prediction predictions prompt prompts
properties property quality random rate ratio real real-time real-world reasoning region representation
representations resource resources response responses reward rewards robotic sample samples scale scaling scene
scientific score scores search self semantic sequence sequences signal signals simulation software source space sparse
spatial speech speed structure structures subject synthetic system systems task tasks temporal text theory thinking
token tokens tool tools trained training transfer transformation tree user users video videos vision visual weight
weights word words world
""".split()
)
