#!/bin/bash
# A study as an array of 20 jobs of one core each, for SLURM:
#     sbatch --array=1-20 docs/slurm_array.sh run vehicle rapamycin --seeds 1-50 --name mtor
#     sbatch --array=1-20 docs/slurm_array.sh sweep docs/dose_sweep.toml
# The jobs write into one folder, so the working folder and MTOR_ABM_CACHE must lie on a disk that all
# nodes share. Compile once before, on a node of the same kind: .venv/bin/python run.py doctor
# The job that ends last writes summary.csv. If some were killed, submit the same line again (what is
# complete is kept), or look with: .venv/bin/python run.py gather outputs/mtor
#SBATCH --job-name=mtor_abm
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=12:00:00
#SBATCH --output=slurm-%A_%a.log
set -euo pipefail
export MTOR_ABM_CACHE=${MTOR_ABM_CACHE:-$PWD/.cache}
exec .venv/bin/python run.py "$@" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --jobs 1
