#!/usr/bin/env bash
# A small pipeline: every gzipped FASTQ sample below a folder is held against a reference, one task a sample; one more
# task merges all results; the results come home. It may be run again: what is there already is made anew.
#
#   pipeline.sh SAMPLES REFERENCE RESULTS HOME [IMAGE]
#
#   SAMPLES    folder with the samples, e.g. s3://bucket/samples/
#   REFERENCE  archive with a file reference/motifs.txt, one motif a line, e.g. s3://bucket/reference.tar.gz
#   RESULTS    folder for the results, e.g. s3://bucket/results
#   HOME       directory on this machine
#   IMAGE      docker image with sh, gzip, grep and awk; without it the commands run natively on the workers
#
# SCITQ_SERVER names the server, SCITQ_BATCH the batch; the storage's credentials are in the environment, as for scitq-fetch.
set -euo pipefail
(($# == 4 || $# == 5)) || { sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2; }
samples=${1%/}/ reference=$2 results=${3%/} home=$4
docker=(${5:+-d "$5"})

# In docker the folders are /input, /resource and /output; these variables are set there as well.
read -r -d '' count <<'TASK' || true
set -e
for file in "$INPUT"/*.fastq.gz; do
  reads=$(gzip -dc "$file" | awk 'END { print NR / 4 }')
  while read -r motif; do
    hits=$(gzip -dc "$file" | awk 'NR % 4 == 2' | grep -c "$motif" || true)
    printf '%s\t%s\t%s\t%s\n' "$SAMPLE" "$reads" "$motif" "$hits"
  done <"$RESOURCE/reference/motifs.txt" >"$OUTPUT/$SAMPLE.tsv"
done
TASK

tasks=()
while read -r file; do
  sample=${file##*/} sample=${sample%.fastq.gz}
  tasks+=("$(scitq-launch -q -n "$sample" "${docker[@]}" -e SAMPLE="$sample" --retry 2 \
    -i "$samples$file" -r "$reference|untar" -o "$results/samples/$sample/" sh -c "$count")")
done < <(scitq-fetch rlist "$samples" | cut -f 1 | grep '\.fastq\.gz$' | sort)
((${#tasks[@]})) || { echo "pipeline.sh: no *.fastq.gz below $samples" >&2; exit 1; }
echo "Queued ${#tasks[@]} samples."
scitq-manage task wait "${tasks[@]}"

# A folder as input: everything below it, with its sub-folders.
scitq-launch --wait -n merge "${docker[@]}" --retry 2 -i "$results/samples/" -o "$results/merged/" \
  sh -c '{ printf "sample\treads\tmotif\thits\n"; cat "$INPUT"/*/*.tsv | sort; } >"$OUTPUT/all.tsv"'

scitq-fetch sync "$results" "$home"
echo "The results are in $home; the table is $home/merged/all.tsv."
