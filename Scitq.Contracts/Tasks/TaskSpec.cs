using Scitq.Contracts.Docker;

namespace Scitq.Contracts;

/// <summary>
/// A task as its user asked for it: one command with its data, limits and batch. The system never changes it; an edit by the
/// user makes a new one. On the bus its members are camelCase, in the REST API snake_case.
/// </summary>
public sealed record TaskSpec
{
    /// <summary>
    /// The command as an exact argument vector: no shell splits, expands or quotes it. May be empty only with an <see cref="Image"/> (the image's own
    /// command runs).
    /// </summary>
    public required IReadOnlyList<string> Argv { get; init; }

    /// <summary>The batch: tasks and workers meet by this name. See <see cref="BatchName"/> for its form.</summary>
    public string Batch { get; init; } = BatchName.Default;

    /// <summary>A name for people; need not be unique.</summary>
    public string? Name { get; init; }

    /// <summary>The container image to run in; null runs the command natively on the worker.</summary>
    public string? Image { get; init; }

    /// <summary>Options as for <c>docker run</c>, one word an element, e.g. <c>["--gpus", "all"]</c>. Only with <see cref="Image"/>.</summary>
    public DockerRunOptions DockerOptions { get; init; } = DockerRunOptions.None;

    /// <summary>Numeric user id to run as; null is the image's or the worker's own.</summary>
    public int? Uid { get; init; }

    /// <summary>Numeric group id to run as; null is the image's or the worker's own.</summary>
    public int? Gid { get; init; }

    /// <summary>Data URIs fetched for this task alone into its input directory.</summary>
    public IReadOnlyList<DataUri> Inputs { get; init; } = [];

    /// <summary>Data URIs fetched once per worker and shared read-only; each may carry one action (<c>|untar</c>…).</summary>
    public IReadOnlyList<DataUri> Resources { get; init; } = [];

    /// <summary>The folder URI that receives the output directory at the end, on success and on failure.</summary>
    public DataUri? Output { get; init; }

    /// <summary>
    /// Of the tasks of a batch that wait for a worker, those of the highest priority start first, -10 to 10; null is the batch's own, which is 0 unless
    /// it was given another.
    /// </summary>
    public int? Priority { get; init; }

    /// <summary>How many times the task runs again after a failure of its own (0 or more). Lost workers do not count.</summary>
    public int Retry { get; init; }

    /// <summary>Seconds the command may run before it is stopped (class <c>timeout</c>); null is without limit.</summary>
    public int? RunTimeout { get; init; }

    /// <summary>Seconds that fetching inputs and resources may take (class <c>download</c>); null is without limit.</summary>
    public int? DownloadTimeout { get; init; }

    /// <summary>Tasks that must have succeeded first: task ids, as GUID or as number. The task waits in <c>waiting</c>.</summary>
    public IReadOnlyList<string> Requirements { get; init; } = [];

    /// <summary>Tasks that must have ended first, however they end: ids like those of <see cref="Requirements"/>. One that is deleted has ended.</summary>
    public IReadOnlyList<string> AfterAny { get; init; } = [];

    /// <summary>What becomes of the task when one of its <see cref="Requirements"/> fails, is cancelled or deleted; null is <c>wait</c>.</summary>
    public RequirementFailure? OnRequirementFailure { get; init; }

    /// <summary>
    /// Whether the outputs of an identical task that succeeded may be taken instead of running it: same command, image, options, inputs and
    /// resources.
    /// </summary>
    public bool UseCache { get; init; }

    /// <summary>Whether the task fails (class <c>disk</c>) when some of what its command printed could not be kept, which is else a warning.</summary>
    public bool StrictOutput { get; init; }

    /// <summary>
    /// Variables whose values the worker has and nobody else needs to see: <c>NAME</c>, or <c>NAME=KEY</c> where its store has it under another
    /// name. No value is ever here.
    /// </summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Whether the values of <see cref="Secrets"/> are made <c>*</c> in what the command prints, before it leaves the worker.</summary>
    public bool MaskSecrets { get; init; }

    /// <summary>Environment variables for the command, beside those the agent sets.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
}
