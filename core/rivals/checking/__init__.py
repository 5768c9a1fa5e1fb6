"""Whether what a rival hands out is what the dataset holds: before it is timed, and while it is.

    epochs        each sample once, with its label, mixed, in an order that is drawn anew
    whole_images  pixels against Pillow's decoding, where images are handed out as they are
    random_views  views of random crops: of which sample, of which part, and new each time
    crops, views  how a view is found in its sample, and what random crops look like on average
    reference, known  the samples, decoded by Pillow, once for all rivals
    caching       whether decoded images are kept from epoch to epoch
    checks        `RivalChecks`, all of it

docs/fair.md says what is asked of a rival, and what is refused.
"""

from .checks import Checked, RivalChecks
from .known import Known
from .refused import RivalRefused

__all__ = ["Checked", "Known", "RivalChecks", "RivalRefused"]
