"""What pages share: state, forms, charts, the gallery, the job panel."""
