namespace Scitq.Tests.Servers;

/// <summary>For tests that measure the process they run in: they run one by one, when all others have ended.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
