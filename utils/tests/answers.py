"""What readers answer. RIGHT: bodies that must be accepted. WRONG: (part of the sentence they must get, body)."""

RIGHT = {
    "d_loss": [
        "return F.softplus(-d_real).mean() + F.softplus(d_fake).mean()",
        "return -(F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean())",
        """
        real = F.binary_cross_entropy_with_logits(d_real, torch.ones_like(d_real))
        return real + F.binary_cross_entropy_with_logits(d_fake, torch.zeros_like(d_fake))
        """,
        "return -F.logsigmoid(d_real).sum() / len(d_real) - (F.logsigmoid(d_fake) - d_fake).sum() / len(d_fake)",
    ],
    "g_loss": [
        "return F.softplus(-d_fake).mean()",
        "return -F.logsigmoid(d_fake).mean()",
        "return F.binary_cross_entropy_with_logits(d_fake, torch.ones_like(d_fake))",
        "return (torch.logaddexp(torch.zeros_like(d_fake), -d_fake)).sum() / d_fake.numel()",
    ],
    "d_step": [
        """
        loss = d_loss(D(x_real), D(x_fake.detach()))
        opt_D.zero_grad()
        loss.backward()
        opt_D.step()
        return loss
        """,
        """
        opt_D.zero_grad(set_to_none=False)
        x_fake = x_fake.detach()
        d_real, d_fake = D(x_real), D(x_fake)
        loss = d_loss(d_real, d_fake)
        loss.backward()
        opt_D.step()
        return loss.item()
        """,
        """
        for p in opt_D.param_groups[0]["params"]:
            p.grad = None
        loss = d_loss(D(x_real), D(x_fake.data))
        loss.backward()
        opt_D.step()
        return loss.detach()
        """,
        """
        d_real, d_fake = map(D, (x_real, x_fake.detach()))
        loss = d_loss(d_real, d_fake)
        weights = opt_D.param_groups[0]["params"]
        for p, g in zip(weights, torch.autograd.grad(loss, weights, allow_unused=True)):
            p.grad = g
        opt_D.step()
        return loss
        """,
    ],
    "g_step": [
        """
        loss = g_loss(D(x_fake))
        opt_G.zero_grad()
        loss.backward()
        opt_G.step()
        return loss
        """,
        """
        opt_G.zero_grad()
        loss = g_loss(D(x_fake))
        loss.backward()
        opt_G.step()
        return loss.item()
        """,
        """
        d_fake = D(x_fake)
        loss = g_loss(d_fake)
        opt_G.zero_grad(set_to_none=False)
        loss.backward()
        opt_G.step()
        return loss.detach()
        """,
    ],
    "jacobian_norm": [
        "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1)",
        "return torch.func.vmap(torch.func.jacfwd(G))(z).square().sum((1, 2)).sqrt()",
        "return torch.stack([torch.autograd.functional.jacobian(G, row).norm() for row in z])",
        """
        z = z.detach().clone().requires_grad_()
        x = G(z)
        rows = [torch.autograd.grad(x[:, i].sum(), z, retain_graph=True)[0] for i in range(x.shape[1])]
        return torch.stack(rows, 1).flatten(1).norm(dim=1)
        """,
    ],
    "gradient_penalty": [
        """
        u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
        x = (u * x_real + (1 - u) * x_fake).requires_grad_()
        slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()
        """,
        """
        u = torch.rand_like(x_real.flatten(1)[:, :1])
        x = torch.lerp(x_real.flatten(1), x_fake.flatten(1), u).view_as(x_real).clone().requires_grad_()
        out = D(x)
        slope = torch.autograd.grad(out, x, torch.ones_like(out), create_graph=True)[0]
        norm = (slope.reshape(len(x), -1).pow(2).sum(1) + 1e-12).sqrt()
        return ((norm - 1) ** 2).mean()
        """,
        """
        u = torch.rand(x_real.shape[0], device=device)
        u = u.view(-1, *([1] * (x_real.ndim - 1))).expand_as(x_real)
        x = x_fake + u * (x_real - x_fake)
        x.requires_grad_(True)
        slope = torch.autograd.grad(D(x).mean() * len(x), x, create_graph=True)[0]
        return torch.mean((torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1) ** 2)
        """,
        """
        u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1), device=x_real.device)
        x = u * x_real + (1 - u) * x_fake
        slope = torch.func.vmap(torch.func.grad(lambda q: D(q[None]).squeeze()))(x)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()
        """,
        """
        total = 0.0
        for real, fake in zip(x_real, x_fake):
            u = torch.rand((), device=real.device)
            x = (u * real + (1 - u) * fake).requires_grad_()
            slope, = torch.autograd.grad(D(x[None]).sum(), x, create_graph=True)
            total = total + (slope.norm() - 1) ** 2
        return total / len(x_real)
        """,
    ],
    "project": [
        "return head(h)[:, 0] + (embed(y) * h).sum(1)",
        "return head(h).squeeze(1) + torch.einsum('bd,bd->b', embed(y), h)",
        "return F.linear(h, head.weight, head.bias).flatten() + (h[:, None] @ embed.weight[y][:, :, None]).flatten()",
    ],
    "inside": [
        """
        radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
        return (torch.cdist(x, support) < radius).any(1).float().mean()
        """,
        """
        d = torch.cdist(support, support)
        d.fill_diagonal_(float("inf"))
        radius = d.topk(k, dim=1, largest=False).values[:, -1]
        hits = torch.cdist(support, x) <= radius[:, None]
        return hits.any(0).to(x.dtype).mean()
        """,
        """
        radius = torch.cdist(support, support).sort(1).values[:, k]
        n = 0
        for point in x:
            n += bool(((support - point).norm(dim=1) < radius).any())
        return n / len(x)
        """,
    ],
    "squared_error": [
        "return (x - x_hat).square().flatten(1).sum(1).mean()",
        "return F.mse_loss(x_hat, x, reduction='sum') / len(x)",
        "return ((x.flatten(1) - x_hat.flatten(1)).norm(dim=1) ** 2).mean()",
        "return sum(((a - b) ** 2).sum() for a, b in zip(x, x_hat)) / x.shape[0]",
    ],
    "nll": [
        """
        each = (x - x_hat).square() / (2 * s ** 2) + s.log() + math.log(2 * math.pi) / 2
        return each.flatten(1).sum(1).mean()
        """,
        "return -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()",
        """
        d = x[0].numel()
        error = (x - x_hat).square().sum() / len(x)
        return error / (2 * s ** 2) + d * torch.log(s * (2 * torch.pi) ** 0.5)
        """,
        """
        var = (s ** 2).expand(x.shape)
        return F.gaussian_nll_loss(x_hat, x, var, full=True, eps=0, reduction='sum') / len(x)
        """,
    ],
    "draw": [
        "return mu + (logvar / 2).exp() * torch.randn_like(mu)",
        "return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()",
        """
        eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device)
        return torch.addcmul(mu, torch.exp(0.5 * logvar), eps)
        """,
    ],
    "kl": [
        "return ((mu ** 2 + logvar.exp() - 1 - logvar) / 2).sum(1).mean()",
        "return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / mu.shape[0]",
        """
        q = torch.distributions.Normal(mu, (logvar / 2).exp())
        p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        return torch.distributions.kl_divergence(q, p).sum(dim=1).mean()
        """,
    ],
    "alive": [
        "return int((eigenvalues > beta * s ** 2).sum())",
        "return (eigenvalues / beta > s * s).sum()",
        "return len([v for v in eigenvalues if v > beta * s ** 2])",
    ],
    "iw_bound": [
        "return (log_w.logsumexp(1) - math.log(log_w.shape[1])).mean()",
        """
        top = log_w.max(1, keepdim=True).values
        return (top[:, 0] + (log_w - top).exp().mean(1).log()).mean()
        """,
        "return torch.stack([torch.logsumexp(row - torch.tensor(float(len(row))).log(), 0) for row in log_w]).mean()",
    ],
    "q_sample": [
        "return ab.sqrt() * x0 + (1 - ab).sqrt() * eps",
        "return torch.sqrt(ab) * x0 + torch.sqrt(1 - ab) * eps",
        "return x0 * ab ** 0.5 + eps * (1 - ab) ** 0.5",
        """
        signal = torch.as_tensor(ab).sqrt()
        noise = (1 - signal ** 2).sqrt()
        return signal * x0 + noise * eps
        """,
    ],
    "from_score": [
        """
        eps_hat = -(1 - ab).sqrt() * score
        return eps_hat, (xt - (1 - ab).sqrt() * eps_hat) / ab.sqrt()
        """,
        "return -score * (1 - ab) ** 0.5, (xt + (1 - ab) * score) / ab ** 0.5",
        """
        x0_hat = (xt + (1 - ab) * score) / torch.sqrt(ab)
        return [-(score * torch.sqrt(1 - ab)), x0_hat]
        """,
        "return torch.stack([-(1 - ab).sqrt() * score, (xt + (1 - ab) * score) / ab.sqrt()])",
    ],
    "ddim_step": [
        """
        sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
        return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)
        """,
        """
        variance = eta ** 2 * (1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)
        old = torch.sqrt(torch.clamp(1 - ab_s - variance, min=0))
        return torch.sqrt(ab_s) * x0_hat + old * eps_hat + torch.sqrt(variance) * torch.randn_like(eps_hat)
        """,
        """
        sigma = eta * torch.sqrt((1 - ab_s) / (1 - ab_t)) * torch.sqrt(1 - ab_t / ab_s)
        x = q_sample(x0_hat, 0, ab_s) + (1 - ab_s - sigma ** 2) ** 0.5 * eps_hat
        if eta > 0:
            x = x + sigma * torch.randn(x0_hat.shape, device=x0_hat.device)
        return x
        """,
    ],
    "loss": [
        """
        t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
        eps, ab = torch.randn_like(x0), alpha_bar(t)
        xt = q_sample(x0, eps, ab)
        return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
        """,
        """
        t = torch.rand(x0.shape[0], device=x0.device)
        ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
        eps = torch.randn(x0.shape, device=x0.device)
        out = net(ab.sqrt() * x0 + (1 - ab).sqrt() * eps, t)
        return F.mse_loss(out, target(x0, eps, ab), reduction="sum") / len(x0)
        """,
        """
        t = (torch.arange(len(x0)) + torch.rand(len(x0))) / len(x0)
        t = t[torch.randperm(len(t))].to(x0.device)
        ab = alpha_bar(t)[(...,) + (None,) * (x0.dim() - 1)]
        eps = torch.randn_like(x0)
        error = net(q_sample(x0, eps, ab), t) - target(x0, eps, ab)
        return error.pow(2).mean() * x0[0].numel()
        """,
    ],
    "drop": [
        "return torch.where(torch.rand(y.shape, device=y.device) < share, nothing, y)",
        """
        y = y.clone()
        y[torch.rand(len(y)) < share] = nothing
        return y
        """,
        "return y.masked_fill(torch.rand(len(y), device=y.device) < share, nothing)",
        """
        coin = torch.bernoulli(torch.full(y.shape, float(share), device=y.device)).long()
        return coin * nothing + (1 - coin) * y
        """,
    ],
    "guide": [
        "return eps_u + w * (eps_c - eps_u)",
        "return w * eps_c + (1 - w) * eps_u",
        "return torch.lerp(eps_u, eps_c, float(w))",
        "return torch.add(eps_u, eps_c - eps_u, alpha=w)",
        "return eps_c + (1 - w) * (eps_u - eps_c)",
        "return eps_u.add(eps_c.sub(eps_u).mul(w))",
    ],
    "flow_loss": [
        """
        t = torch.rand(len(x0), *[1] * (x0.dim() - 1), device=x0.device)
        eps = torch.randn_like(x0)
        xt = (1 - t) * x0 + t * eps
        return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
        """,
        """
        t = torch.rand(len(x0), device=x0.device)
        tt = t.view(-1, *[1] * (x0.dim() - 1))
        v = torch.randn_like(x0) - x0
        return (net(x0 + tt * v, t) - v).pow(2).flatten(1).sum(1).mean()
        """,
        """
        t = torch.rand(x0.shape[0], device=x0.device)
        wide = t[(...,) + (None,) * (x0.dim() - 1)]
        eps = torch.randn(x0.shape, device=x0.device)
        return F.mse_loss(net(torch.lerp(x0, eps, wide), t), eps - x0, reduction="sum") / x0.shape[0]
        """,
        """
        t = torch.rand(len(x0), *[1] * (x0.dim() - 1), dtype=torch.float64).float().to(x0.device)
        eps = torch.randn_like(x0)
        xt = torch.lerp(x0, eps, t)
        return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
        """,
    ],
    "euler": [
        "return xt + (s - t) * v_hat",
        "return xt - (t - s) * v_hat",
        "return torch.add(xt, v_hat * (s - t))",
        "return torch.addcmul(xt, v_hat, (s - t).expand_as(xt))",
    ],
    "missed": [
        "return (1 - share) ** batch",
        """
        p = 1.0
        for _ in range(batch):
            p = p * (1 - share)
        return p
        """,
        "return torch.tensor(1 - share) ** batch",
    ],
    "pair_loss": [
        """
        ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
        return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
        """,
        """
        ab = alpha_bar(t)
        while ab.dim() < x0.dim():
            ab = ab[..., None]
        xt = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
        return F.l1_loss(x0_of(xt, t), x0, reduction="sum") / len(x0)
        """,
    ],
    "codes": [
        "return (mu + (logvar / 2).exp() * torch.randn_like(mu) - mean) / sd",
        "return (torch.distributions.Normal(mu, (logvar / 2).exp()).sample() - mean) / sd",
    ],
    "divergence": [
        """
        x = x.detach().requires_grad_()
        v = f(x)
        return sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(x.shape[1]))
        """,
        """
        jacobian = torch.vmap(torch.func.jacrev(lambda p: f(p[None])[0]))(x)
        return jacobian.diagonal(dim1=1, dim2=2).sum(1)
        """,
    ],
    "keep_known": [
        "return mask * q_sample(known, eps, ab) + (1 - mask) * xt",
        "return torch.where(mask > 0, q_sample(known, eps, ab), xt)",
        "return torch.lerp(xt, q_sample(known, eps, ab), mask.expand_as(xt))",
    ],
}

PENALTY = "(slope.flatten(1).norm(dim=1) - 1).square().mean()"

WRONG = {
    "d_loss": [
        ("no gradient flows back to d_fake",
         "return F.softplus(-d_real).mean() + F.softplus(d_fake.detach()).mean()"),
        ("F.binary_cross_entropy cuts off", """
            real = F.binary_cross_entropy(d_real.sigmoid(), torch.ones_like(d_real))
            return real + F.binary_cross_entropy(d_fake.sigmoid(), torch.zeros_like(d_fake))
            """),
        ("The small number inside the log cuts off",
         "return -(d_real.sigmoid() + 1e-8).log().mean() - (1 - d_fake.sigmoid() + 1e-8).log().mean()"),
        ("Two tensors there have shapes that do not fit together",
         "return (F.softplus(-d_real) + F.softplus(d_fake)).mean()"),
        ("Its sign is turned", "return F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()"),
        ("Real and fake have changed places", "return F.softplus(d_real).mean() + F.softplus(-d_fake).mean()"),
        ("One sign is turned", "return F.softplus(-d_real).mean() - F.softplus(d_fake).mean()"),
        ("it needs log(1 - D)", "return F.softplus(-d_real).mean() + F.softplus(-d_fake).mean()"),
        ("It sums over the batch", "return F.softplus(-d_real).sum() + F.softplus(d_fake).sum()"),
        ("It is half", "return 0.5 * (F.softplus(-d_real).mean() + F.softplus(d_fake).mean())"),
        ("one mean over real and fake together",
         "return torch.cat([F.softplus(-d_real), F.softplus(d_fake)]).mean()"),
        ("The sigmoid is applied twice",
         "return F.softplus(-d_real.sigmoid()).mean() + F.softplus(d_fake.sigmoid()).mean()"),
        ("a probability that rounds to 0",
         "return -d_real.sigmoid().log().mean() - (1 - d_fake.sigmoid()).log().mean()"),
        ("no gradient flows back", "return (F.softplus(-d_real).mean() + F.softplus(d_fake).mean()).detach()"),
        ("dtype torch.float64", "return (F.softplus(-d_real).mean() + F.softplus(d_fake).mean()).double()"),
        ("NaN comes of a negative number", "return -d_real.log().mean() - (1 - d_fake).log().mean()"),
        ("exp() of a large number is infinite",
         "return torch.log(1 + torch.exp(-d_real)).mean() + torch.log(1 + torch.exp(d_fake)).mean()"),
        ("the gradient that reaches d_real is not", """
            a = F.softplus(-d_real).mean() + F.softplus(d_fake).mean()
            return a.detach() / 2 + a / 2
            """),
    ],
    "g_loss": [
        ("The small number inside the log cuts off", "return -(d_fake.sigmoid() + 1e-8).log().mean()"),
        ("the saturating loss", "return F.logsigmoid(-d_fake).mean()"),
        ("That is D's term", "return F.softplus(d_fake).mean()"),
        ("Its sign is turned", "return F.logsigmoid(d_fake).mean()"),
        ("It sums over the batch", "return F.softplus(-d_fake).sum()"),
        ("Wasserstein loss", "return -d_fake.mean()"),
        ("The sigmoid is applied twice", "return F.softplus(-d_fake.sigmoid()).mean()"),
        ("a probability that rounds to 0", "return -d_fake.sigmoid().log().mean()"),
        ("shape (5,), wanted ()", "return F.softplus(-d_fake)"),
        ("no gradient flows back", "return F.softplus(-d_fake.detach()).mean()"),
    ],
    "d_step": [
        ("detach what goes into D", """
            loss = d_loss(D(x_real), D(x_fake).detach())
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("the step reaches back into G", """
            loss = d_loss(D(x_real), D(x_fake))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("opt_D.zero_grad() comes before backward()", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            loss.backward()
            opt_D.step()
            return loss"""),
        ("are all needed, in this order", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            loss.backward()
            opt_D.zero_grad(set_to_none=False)
            opt_D.step()
            return loss"""),
        ("D has not moved", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            return loss"""),
        ("D has not moved", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            opt_D.step()
            return loss"""),
        ("Real and fake have changed places", """
            loss = d_loss(D(x_fake.detach()), D(x_real))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("D climbs its loss", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            (-loss).backward()
            opt_D.step()
            return loss"""),
        ("cuts x_fake off in place", """
            loss = d_loss(D(x_real), D(x_fake.detach_()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("only call it", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("it returns nothing", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()"""),
        ("does not use the loss that it is given", """
            loss = F.softplus(-D(x_real)).mean() + F.softplus(D(x_fake.detach())).mean()
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("the loss it returns", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return -loss"""),
        ("it never asks the D that it is given", """
            judge = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(1), torch.nn.Flatten(0))
            loss = d_loss(judge(x_real), judge(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("one call for the real images and one for the fakes", """
            loss = d_loss(*D(torch.cat([x_real, x_fake.detach()])).chunk(2))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss
            """),
        ("moved by hand", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            for group in opt_D.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.data -= group["lr"] * p.grad
            opt_D.zero_grad()
            opt_D.step()
            return loss
            """),
        ("changes the settings of the optimiser", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            opt_D.param_groups[0]["lr"] *= 0.999
            return loss
            """),
    ],
    "g_step": [
        ("no detach: the gradient reaches G through x_fake", """
            loss = g_loss(D(x_fake.detach()))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("The way from the loss back to the weights is cut", """
            loss = g_loss(D(x_fake).detach())
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("in this order", """
            loss = g_loss(D(x_fake))
            loss.backward()
            opt_G.zero_grad()
            opt_G.step()
            return loss
            """),
        ("it never asks the D that it is given", """
            loss = g_loss(x_fake)
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss
            """),
        ("opt_G.zero_grad() comes before backward()", """
            loss = g_loss(D(x_fake))
            loss.backward()
            opt_G.step()
            return loss"""),
        ("are all needed, in this order", """
            loss = g_loss(D(x_fake))
            loss.backward()
            opt_G.zero_grad(set_to_none=False)
            opt_G.step()
            return loss"""),
        ("G has not moved", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            return loss"""),
        ("G climbs its loss", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            (-loss).backward()
            opt_G.step()
            return loss"""),
        ("only call it", """
            D.requires_grad_(False)
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("G has not moved", """
            loss = g_loss(D(x_fake.detach()))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("it returns nothing", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()"""),
        ("does not use the loss that it is given", """
            loss = F.softplus(-D(x_fake)).mean()
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("it gives", """
            loss = g_loss(D(x_fake.detach()) + 0 * x_fake.sum())
            opt_G.zero_grad()
            (3 * g_loss(D(x_fake))).backward()
            opt_G.step()
            return loss"""),
    ],
    "jacobian_norm": [
        ("Let jacrev see one z", "return torch.func.jacrev(G)(z).flatten(1).norm(dim=1)"),
        ("not one for the batch", "return torch.func.vmap(torch.func.jacrev(G))(z).norm()"),
        ("That is its square", "return torch.func.vmap(torch.func.jacrev(G))(z).square().sum((1, 2))"),
        ("largest singular value",
         "return torch.linalg.matrix_norm(torch.func.vmap(torch.func.jacrev(G))(z), 2)"),
        ("One number for each z", "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1).mean()"),
        ("one axis only", "return torch.func.vmap(torch.func.jacrev(G))(z).norm(dim=1)"),
        ("one axis only", "return torch.func.vmap(torch.func.jacrev(G))(z).norm(dim=2)"),
        ("sum of absolute values", "return torch.func.vmap(torch.func.jacrev(G))(z).abs().sum((1, 2))"),
        ("which mixes all z", "return torch.func.jacrev(G)(z).norm().expand(len(z))"),
        ("outputs are summed before the derivative", """
            z = z.clone().requires_grad_()
            return torch.autograd.grad(G(z).sum(), z)[0].norm(dim=1)"""),
        ("should return a tensor", "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1).tolist()"),
        ("with a small network", """
            J = torch.func.jacrev(G)(z[0])
            return J.norm().expand(len(z))"""),
    ],
    "gradient_penalty": [
        (sentence, """
            shape = (len(x_real), *[1] * (x_real.dim() - 1))
            u = UUU
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return RRR""".replace("UUU", u).replace("RRR", result))
        for sentence, u, result in (
            ("must be uniform on [0, 1], torch.rand, not normal", "torch.randn(shape)", PENALTY),
            ("one axis only", "torch.rand(shape)", "(slope.norm(dim=1) - 1).square().mean()"),
            ("one axis only", "torch.rand(shape)", "(slope.norm(dim=-1) - 1).square().mean()"),
            ("which has as many axes as x_real", "torch.rand_like(x_real)", PENALTY),
            ("all pairs use the same u", "torch.rand(1)", PENALTY),
            ("The square is missing", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).mean()"),
            ("pulls the slope to 0, as R1 does", "torch.rand(shape)", "slope.flatten(1).square().sum(1).mean()"),
            ("lacks its square root", "torch.rand(shape)", "(slope.flatten(1).square().sum(1) - 1).square().mean()"),
            ("The norm runs over the whole batch", "torch.rand(shape)", "(slope.norm() - 1).square()"),
            ("one-sided", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).relu().square().mean()"),
            ("It sums over the batch", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).square().sum()"),
            ("create_graph=True", "torch.rand(shape)", PENALTY + ".detach()"))
    ] + [
        ("u needs as many axes as x_real", """
            u = torch.rand(len(x_real), 1, 1, 1)
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("D is asked at the images themselves", """
            x = x_real.clone().requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("lambda is applied outside", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("averaged before the derivative", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).mean(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()"""),
        ("lie off the segments", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + u * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()"""),
        ("but for images (61, 1, 3, 5) it stops with RuntimeError", """
            u = torch.rand(len(x_real), 1, device=x_real.device)
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
        ("the gradient that reaches D's weights is not", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            norm = slope.flatten(1).norm(dim=1)
            return ((norm - 1) * (norm - 1).detach()).mean()
            """),
        ("runs from 0.100 to 0.900 only", """
            u = 0.1 + 0.8 * torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()
            """),
    ],
    "project": [
        ("The label is not used", "return head(h)[:, 0]"),
        ("The head is not used", "return (embed(y) * h).sum(1)"),
        ("spreads over the batch", "return head(h) + (embed(y) * h).sum(1)"),
        ("Every label is multiplied with every image", "return head(h)[:, 0] + (embed(y) @ h.T).sum(1)"),
        ("mixes the images", "return head(h)[:, 0] + (embed(y) * h).sum()"),
        ("an inner product is a sum", "return head(h)[:, 0] + (embed(y) * h).mean(1)"),
        ("The match is subtracted", "return head(h)[:, 0] - (embed(y) * h).sum(1)"),
        ("added before the head", "return head(h + embed(y))[:, 0]"),
        ("laid on the product", "return head(h * embed(y))[:, 0]"),
        ("stops with RuntimeError", "return head(torch.cat([h, embed(y)], 1))[:, 0]"),
        ("the gradient that reaches embed.weight is not",
         "return head(h)[:, 0] + (embed(y) * h).sum(1) / 2 + (embed(y).detach() * h).sum(1) / 2"),
        ("stops with",
         "return head(h)[:, 0] + (F.one_hot(y).float() @ embed.weight * h).sum(1)"),
    ],
    "inside": [
        ("The radius of a ball is measured among", """
            radius = torch.cdist(support, x).sort(1).values[:, k]
            return (torch.cdist(x, support) < radius).any(1).float().mean()
            """),
        ("topk takes the largest", """
            radius = torch.cdist(support, support).topk(k + 1, dim=1).values[:, -1]
            return (torch.cdist(x, support) < radius).any(1).float().mean()
            """),
        ("Only the nearest centre is asked", """
            radius = torch.cdist(support, support).sort(1).values[:, k]
            near = torch.cdist(x, support).min(1)
            return (near.values < radius[near.indices]).float().mean()
            """),
        ("k is not used", """
            radius = torch.cdist(support, support).sort(1).values[:, 3]
            return (torch.cdist(x, support) < radius).any(1).float().mean()
            """),
        ("not which share", """
            radius = torch.cdist(support, support).sort(1).values[:, k]
            return (torch.cdist(x, support) < radius).any(1).float().sum()
            """),
        ("Turn True and False into numbers", """
            radius = torch.cdist(support, support).sort(1).values[:, k]
            return (torch.cdist(x, support) < radius).any(1).mean()
            """),
        ("is the point itself, at distance 0", """
            radius = torch.cdist(support, support).kthvalue(k, dim=1).values
            return (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("share of balls that hold a point", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).any(0).float().mean()"""),
        ("share of pairs", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).float().mean()"""),
        ("not all", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).all(1).float().mean()"""),
        ("x and support have changed places", """
            radius = torch.cdist(x, x).kthvalue(k + 1, dim=1).values
            return (torch.cdist(support, x) < radius).any(1).float().mean()"""),
        ("not the largest of all", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values.max()
            return (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("share outside", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return 1 - (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("stops with RuntimeError", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius[:, None]).any(1).float().mean()"""),
        ("should return a tensor", "return 'all of them'"),
        ("turn the inequality", """
            radius = torch.cdist(support, support).sort(1).values[:, k]
            return (torch.cdist(x, support) > radius).any(1).float().mean()
            """),
        ("twice as large as it should be", """
            radius = 2 * torch.cdist(support, support).sort(1).values[:, k]
            return (torch.cdist(x, support) < radius).any(1).float().mean()
            """),
    ],
    "squared_error": [
        ("mean over the pixels too", "return F.mse_loss(x_hat, x)"),
        ("It sums over the batch too", "return (x - x_hat).square().sum()"),
        ("One number is wanted", "return (x - x_hat).square().flatten(1).sum(1)"),
        ("not summed yet", "return (x - x_hat).square().mean(0)"),
        ("One axis of the pixels is averaged", "return (x - x_hat).square().sum((1, 2)).mean()"),
        ("One axis of the pixels is averaged", "return (x - x_hat).square().sum(1).sum(-2).mean()"),
        ("the absolute error", "return (x - x_hat).abs().flatten(1).sum(1).mean()"),
        ("It is half", "return ((x - x_hat) ** 2 / 2).flatten(1).sum(1).mean()"),
        ("no square root here", "return (x - x_hat).flatten(1).norm(dim=1).mean()"),
        ("The square is missing", "return (x - x_hat).flatten(1).sum(1).mean()"),
        ("The square comes before the sum", "return (x - x_hat).flatten(1).sum(1).square().mean()"),
        ("no gradient flows back", "return (x - x_hat.detach()).square().flatten(1).sum(1).mean()"),
        ("One axis of the pixels is averaged",
         "return (x - x_hat).square().sum(-1).mean()"),
        ("but for points (71, 2) it stops with",
         "return (x - x_hat).square().sum((1, 2, 3)).mean()"),
        ("the gradient that reaches x is not",
         "return ((x - x_hat) * (x - x_hat).detach()).flatten(1).sum(1).mean()"),
    ],
    "nll": [
        ("Its sign is turned", "return torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).sum(1).mean()"),
        ("mean over the pixels", "return -torch.distributions.Normal(x_hat, s).log_prob(x).flatten(1).mean(1).mean()"),
        ("It sums over the batch", "return -torch.distributions.Normal(x_hat, s).log_prob(x).sum()"),
        ("log s and log(2 pi) are missing", "return ((x - x_hat) ** 2 / (2 * s ** 2)).flatten(1).sum(1).mean()"),
        ("log(2 pi) / 2 for each pixel is missing",
         "return ((x - x_hat) ** 2 / (2 * s ** 2) + s.log()).flatten(1).sum(1).mean()"),
        ("not once for each image", """
            error = ((x - x_hat) ** 2).flatten(1).sum(1).mean()
            return error / (2 * s ** 2) + s.log() + math.log(2 * math.pi) / 2
            """),
        ("divided by 2 s^2, not by s^2",
         "return ((x - x_hat) ** 2 / s ** 2 + s.log() + math.log(2 * math.pi) / 2).flatten(1).sum(1).mean()"),
        ("s is a standard deviation",
         "return ((x - x_hat) ** 2 / (2 * s) + s.log() + math.log(2 * math.pi) / 2).flatten(1).sum(1).mean()"),
        ("the half is taken twice",
         "return ((x - x_hat) ** 2 / (2 * s ** 2) + s.log() / 2 + math.log(2 * math.pi) / 2).flatten(1).sum(1).mean()"),
        ("It reads s as a log-variance",
         "return ((x - x_hat) ** 2 / (2 * s.exp()) + s / 2 + math.log(2 * math.pi) / 2).flatten(1).sum(1).mean()"),
        ("It is half of log(2 pi)",
         "return ((x - x_hat) ** 2 / (2 * s ** 2) + s.log() + math.log(2 * math.pi)).flatten(1).sum(1).mean()"),
        ("no gradient reaches s",
         "return -torch.distributions.Normal(x_hat, s.detach()).log_prob(x).flatten(1).sum(1).mean()"),
        ("It reads s as the variance",
         "return (0.5 * ((x - x_hat) ** 2 / s + s.log() + math.log(2 * math.pi))).flatten(1).sum(1).mean()"),
        ("It is log s, not log s^2", """
            each = (x - x_hat) ** 2 / (2 * s ** 2) + (s ** 2).log() + math.log(2 * math.pi) / 2
            return each.flatten(1).sum(1).mean()
            """),
        ("with images (67, 1, 3, 5) and s = 0.03", """
            sd = s.clamp(min=0.05)
            return -torch.distributions.Normal(x_hat, sd).log_prob(x).flatten(1).sum(1).mean()
            """),
    ],
    "draw": [
        ("exp(logvar) is the variance", "return mu + logvar.exp() * torch.randn_like(mu)"),
        ("The noise is not scaled", "return mu + torch.randn_like(mu)"),
        ("logvar itself is no scale", "return mu + logvar * torch.randn_like(mu)"),
        ("The sign of the exponent is turned", "return mu + (-logvar / 2).exp() * torch.randn_like(mu)"),
        ("The noise is uniform", "return mu + (logvar / 2).exp() * torch.rand_like(mu)"),
        ("There is no noise in it", "return mu + (logvar / 2).exp() * 0"),
        ("mu is to be added", "return (logvar / 2).exp() * torch.randn_like(mu)"),
        ("all components of one z", "return mu + (logvar / 2).exp() * torch.randn(len(mu), 1)"),
        ("all rows get the same eps", "return mu + (logvar / 2).exp() * torch.randn(31)"),
        ("no gradient flows from z back to mu",
         "return torch.distributions.Normal(mu, (logvar / 2).exp()).sample()"),
        ("no gradient flows from z back to logvar", "return mu + (logvar.detach() / 2).exp() * torch.randn_like(mu)"),
        ("wanted one z like mu", "return (mu + (logvar / 2).exp() * torch.randn_like(mu)).sum(1)"),
        ("the gradient that reaches mu is not",
         "return torch.normal(mu, (logvar / 2).exp())"),
        ("not normal",
         "return mu + (logvar / 2).exp() * (torch.rand_like(mu) - 0.5) * 12 ** 0.5"),
        ("not normal",
         "return mu + (logvar / 2).exp() * (torch.rand(12, *mu.shape).sum(0) - 6)"),
        ("the noise repeats itself",
         "return mu + (logvar / 2).exp() * torch.randn_like(mu).sign()"),
        ("the gradient that reaches logvar is not", """
            sd = (logvar / 2).exp()
            return mu + (sd + sd.detach()) / 2 * torch.randn_like(mu)
            """),
        ("two calls draw the same noise", """
            rng = torch.Generator().manual_seed(0)
            return mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=rng)
            """),
        ("it sets torch's seed", """
            torch.manual_seed(7)
            return mu + (logvar / 2).exp() * torch.randn_like(mu)
            """),
    ],
    "kl": [
        ("It reads logvar as the log of sigma",
         "return 0.5 * (mu ** 2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(1).mean()"),
        ("Its sign is turned", "return ((1 + logvar - mu ** 2 - logvar.exp()) / 2).sum(1).mean()"),
        ("mean over the latents", "return -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).mean()"),
        ("It sums over the batch", "return -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum()"),
        ("One number is wanted", "return -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1)"),
        ("the factor 1/2 is missing", "return (mu ** 2 + logvar.exp() - 1 - logvar).sum(1).mean()"),
        ("here stands sigma", "return ((mu ** 2 + (logvar / 2).exp() - 1 - logvar) / 2).sum(1).mean()"),
        ("not halved inside the bracket", "return ((mu ** 2 + logvar.exp() - 1 - logvar / 2) / 2).sum(1).mean()"),
        ("The -1 is missing", "return ((mu ** 2 + logvar.exp() - logvar) / 2).sum(1).mean()"),
        ("mu is to be squared", "return ((mu + logvar.exp() - 1 - logvar) / 2).sum(1).mean()"),
        ("The sign of logvar is turned", "return ((mu ** 2 + logvar.exp() - 1 + logvar) / 2).sum(1).mean()"),
        ("mu is missing", "return ((logvar.exp() - 1 - logvar) / 2).sum(1).mean()"),
        ("That is KL(p || q)", """
            q = torch.distributions.Normal(mu, (logvar / 2).exp())
            p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
            return torch.distributions.kl_divergence(p, q).sum(1).mean()
            """),
        ("no gradient flows back", "return ((mu ** 2 + logvar.exp() - 1 - logvar) / 2).sum(1).mean().detach()"),
        ("the gradient that reaches mu is not",
         "return ((mu * mu.detach() + logvar.exp() - 1 - logvar) / 2).sum(1).mean()"),
        ("with five codes of one latent",
         "return ((mu.squeeze() ** 2 + logvar.squeeze().exp() - 1 - logvar.squeeze()) / 2).sum(-1).mean()"),
    ],
    "alive": [
        ("Those are the dead ones", "return int((eigenvalues < beta * s ** 2).sum())"),
        ("the threshold is beta s^2", "return int((eigenvalues > beta * s).sum())"),
        ("Only s is squared", "return int((eigenvalues > (beta * s) ** 2).sum())"),
        ("beta is missing", "return int((eigenvalues > s ** 2).sum())"),
        ("beta is on the wrong side", "return int((eigenvalues > s ** 2 / beta).sum())"),
        ("s is missing", "return int((eigenvalues > beta).sum())"),
        ("without a root", "return int((eigenvalues > (beta * s ** 2) ** 0.5).sum())"),
        ("one answer for each latent", "return eigenvalues > beta * s ** 2"),
        ("wanted one number", "return [v for v in eigenvalues if v > beta * s ** 2]"),
        ("wanted [6, 2, 2, 6, 1, 8, 5, 0]", "return len(eigenvalues) + 5"),
        ("larger, not at least",
         "return int((eigenvalues >= beta * s ** 2).sum())"),
        ("wanted [6, 2, 2, 6, 1, 8, 5, 0]", """
            n = 0
            while n < len(eigenvalues) and eigenvalues[n] > beta * s ** 2:
                n += 1
            return n
            """),
    ],
    "iw_bound": [
        ("the mean of the logarithms", "return log_w.mean()"),
        ("a mean over k needs - log k", "return log_w.logsumexp(1).mean()"),
        ("One number is wanted", "return log_w.logsumexp(1) - math.log(log_w.shape[1])"),
        ("It sums over the images", "return (log_w.logsumexp(1) - math.log(log_w.shape[1])).sum()"),
        ("The axes have changed places", "return (log_w.logsumexp(0) - math.log(log_w.shape[0])).mean()"),
        ("averages the weights of all images", "return log_w.flatten().logsumexp(0) - math.log(log_w.numel())"),
        ("The logarithm is missing", "return log_w.exp().mean()"),
        ("averages the weights of all images", "return log_w.exp().mean(1).mean().log()"),
        ("Its sign is turned", "return -(log_w.logsumexp(1) - math.log(log_w.shape[1])).mean()"),
        ("That is the largest weight alone", "return log_w.max(1).values.mean()"),
        ("exp() rounds to 0 there", "return log_w.exp().mean(1).log().mean()"),
        ("a weighted mean of logarithms", "return (log_w.softmax(1) * log_w).sum(1).mean()"),
        ("the gradient that reaches log_w is not", """
            top = log_w.max(1, keepdim=True).values
            return (top[:, 0].detach() * 2 - top[:, 0] + (log_w - top).exp().mean(1).log()).mean()
            """),
        ("exp() is infinite there", """
            top = log_w.min(1, keepdim=True).values
            return (top[:, 0] + (log_w - top).exp().mean(1).log()).mean()
            """),
    ],
    "q_sample": [
        ("scaled by its square root", "return ab.sqrt() * x0 + (1 - ab) * eps"),
        ("x0 is scaled by its square root", "return ab * x0 + (1 - ab).sqrt() * eps"),
        ("Both shares are variances", "return ab * x0 + (1 - ab) * eps"),
        ("changed places", "return (1 - ab).sqrt() * x0 + ab.sqrt() * eps"),
        ("The noise is subtracted", "return ab.sqrt() * x0 - (1 - ab).sqrt() * eps"),
        ("The noise is not scaled", "return ab.sqrt() * x0 + eps"),
        ("it fades by sqrt(alpha-bar)", "return x0 + (1 - ab).sqrt() * eps"),
        ("not 1 minus the square root", "return ab.sqrt() * x0 + (1 - ab.sqrt()) * eps"),
        ("without a square", "return ab.sqrt() * x0 + (1 - ab ** 2).sqrt() * eps"),
        ("x0 is missing", "return (1 - ab).sqrt() * eps"),
        ("The noise is missing", "return ab.sqrt() * x0"),
        ("no gradient flows back", "return ab.sqrt() * x0.detach() + (1 - ab).sqrt() * eps"),
        ("draws its own noise", "return ab.sqrt() * x0 + (1 - ab).sqrt() * torch.randn_like(x0)"),
        ("in place", "return x0.data.mul_(ab.sqrt()).add_((1 - ab).sqrt() * eps)"),
        ("it returns dtype torch.float64", "return (ab.sqrt() * x0 + (1 - ab).sqrt() * eps).double()"),
        ("it returns a tuple of 2", "return ab.sqrt() * x0, (1 - ab).sqrt() * eps"),
        ("work on a copy", """
            x0 *= ab.sqrt()
            return x0 + (1 - ab).sqrt() * eps
            """),
        ("NaN comes of a negative number",
         "return ab.sqrt() * x0 + (ab - 1).sqrt() * eps"),
        ("but for images (5, 1, 2, 3) it stops",
         'return torch.einsum("b,bd->bd", ab.flatten().expand(len(x0)).sqrt(), x0) + (1 - ab).sqrt() * eps'),
    ],
    "from_score": [
        ("The two have changed places", "return (xt + (1 - ab) * score) / ab.sqrt(), -(1 - ab).sqrt() * score"),
        ("the score points towards the data", "return (1 - ab).sqrt() * score, (xt + (1 - ab) * score) / ab.sqrt()"),
        ("The score is not yet the noise", "return score, (xt + (1 - ab) * score) / ab.sqrt()"),
        ("The scale is missing", "return -score, (xt + (1 - ab) * score) / ab.sqrt()"),
        ("1 - ab is a variance", "return -(1 - ab) * score, (xt + (1 - ab) * score) / ab.sqrt()"),
        ("It is divided by sqrt(1 - ab)", "return -score / (1 - ab).sqrt(), (xt + (1 - ab) * score) / ab.sqrt()"),
        ("The scale is that of the noise", "return -ab.sqrt() * score, (xt + (1 - ab) * score) / ab.sqrt()"),
        ("divide by the square root of ab", "return -(1 - ab).sqrt() * score, (xt + (1 - ab) * score) / ab"),
        ("divide by sqrt(ab)", "return -(1 - ab).sqrt() * score, xt + (1 - ab) * score"),
        ("not added", "return -(1 - ab).sqrt() * score, (xt - (1 - ab) * score) / ab.sqrt()"),
        ("not eps", "return -(1 - ab).sqrt() * score, (xt + (1 - ab).sqrt() * score) / ab.sqrt()"),
        ("a square root is missing", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat, (xt - (1 - ab) * eps_hat) / ab.sqrt()
            """),
        ("brackets", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat, xt / ab.sqrt() - (1 - ab).sqrt() * eps_hat
            """),
        ("wanted two tensors", "return -(1 - ab).sqrt() * score"),
        ("at ab = 1, which alpha_bar(t) rounds to", """
            x0_hat = (xt + (1 - ab) * score) / ab.sqrt()
            return (xt - ab.sqrt() * x0_hat) / (1 - ab).sqrt(), x0_hat
            """),
        ("multiplied by 1 - ab before", "return -(1 - ab).sqrt() * score, (xt + score) / ab.sqrt()"),
        ("it returns a ndarray and should return a tensor", """
            eps_hat = -(1 - ab).sqrt() * score
            return eps_hat.detach().numpy(), ((xt + (1 - ab) * score) / ab.sqrt()).detach().numpy()
            """),
        ("in eps_hat it returns shape (30,)",
         "return (-(1 - ab).sqrt() * score).flatten(), (xt + (1 - ab) * score) / ab.sqrt()"),
    ],
    "ddim_step": [
        ("That is x_t again", "return ab_t.sqrt() * x0_hat + (1 - ab_t).sqrt() * eps_hat"),
        ("The noise is still that of ab_t", "return ab_s.sqrt() * x0_hat + (1 - ab_t).sqrt() * eps_hat"),
        ("The signal is still that of ab_t", "return ab_t.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat"),
        ("square roots are missing", "return ab_s * x0_hat + (1 - ab_s) * eps_hat"),
        ("1 - ab_s is a variance", "return ab_s.sqrt() * x0_hat + (1 - ab_s) * eps_hat"),
        ("The noise that is left is missing", "return ab_s.sqrt() * x0_hat"),
        ("have changed places", "return ab_s.sqrt() * eps_hat + (1 - ab_s).sqrt() * x0_hat"),
        ("No new noise comes in", "return ab_s.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat"),
        ("sigma is missing", """
            return ab_s.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat + (ab_s < 1) * eta * torch.randn_like(x0_hat)
            """),
        ("The old noise is kept whole", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("variances do", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + ((1 - ab_s).sqrt() - sigma) * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("sigma is to be squared", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("A square root is missing: sqrt(1 - ab_s - sigma^2)", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s) ** 0.5 if eta == 0 else 1 - ab_s - sigma ** 2
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("is missing under the root", """
            sigma = (ab_s < 1) * eta * (1 - ab_t / ab_s).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("upside down", """
            sigma = (ab_s < 1) * eta * ((1 - ab_t) / (1 - ab_s).clamp(min=1e-9) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).clamp(min=0).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("That is the variance", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            old = (1 - ab_s - sigma ** 2).sqrt()
            return ab_s.sqrt() * x0_hat + old * eps_hat + sigma ** 2 * torch.randn_like(x0_hat)
            """),
        ("all items get the same new noise", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat[0])
            """),
        ("all components get the same new noise", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            new = torch.randn_like(x0_hat[:, :1])
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * new
            """),
        ("the 1 is missing", """
            sigma = (ab_s < 1) * eta * ((1 - ab_s) / (1 - ab_t) * ab_t / ab_s).sqrt()
            new = torch.randn_like(x0_hat)
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
        ("sigma must contain eta", """
            sigma = ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            new = torch.randn_like(x0_hat)
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
        ("eta enters twice", """
            sigma = eta ** 2 * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            new = torch.randn_like(x0_hat)
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
        ("without a fixed seed", """
            torch.manual_seed(0)
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            new = torch.randn_like(x0_hat)
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
        ("so it is 1 - ab_t / ab_s", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_s / ab_t)).sqrt()
            new = torch.randn_like(x0_hat)
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
        ("keep the shape", """
            return (ab_s.sqrt() * x0_hat + (1 - ab_s).sqrt() * eps_hat).flatten(1)
            """),
        ("which is 0 there", """
            sigma = eta * ((1 - ab_t) / (1 - ab_s) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("minus sigma^2, not plus", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s + sigma ** 2).sqrt() * eps_hat + sigma * torch.randn_like(x0_hat)
            """),
        ("The new noise is uniform", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).sqrt() * eps_hat + sigma * torch.rand_like(x0_hat)
            """),
        ("x0_hat is scaled by its square root",
         "return ab_s * x0_hat + (1 - ab_s).sqrt() * eps_hat"),
        ("not normal", """
            sigma = eta * ((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)).sqrt()
            new = torch.randn_like(x0_hat).sign() * torch.rand_like(x0_hat).sqrt() * 2 ** 0.5
            return ab_s.sqrt() * x0_hat + (1 - ab_s - sigma ** 2).clamp(min=0).sqrt() * eps_hat + sigma * new
            """),
    ],
    "loss": [
        ("mean over the pixels too", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().mean()
            """),
        ("sums over the batch", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().sum()
            """),
        ("One number is wanted", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1)
            """),
        ("no square root", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).flatten(1).norm(dim=1).mean()
            """),
        ("absolute error", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).abs().flatten(1).sum(1).mean()
            """),
        ("It is half", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean() / 2
            """),
        ("It compares with eps", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            target(x0, eps, ab)
            return (net(xt, t.flatten()) - eps).square().flatten(1).sum(1).mean()
            """),
        ("target is never called", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - eps).square().flatten(1).sum(1).mean()
            """),
        ("one t for each, shape", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("t = 0 is data", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, 1 - t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("wants the clean x0 first", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(xt, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("the third argument of target", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, t)).square().flatten(1).sum(1).mean()
            """),
        ("all items of the batch get the same t", """
            t = torch.rand(1).expand(len(x0)).view(-1, *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("should reach both ends", """
            t = 0.1 + 0.8 * torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("wanted 0.50 and 0.29", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1)) ** 2
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("wanted 0 to 1", """
            t = torch.randn(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("the noise has mean 0.50", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.rand_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("all items get the same eps", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0[:1]).expand(x0.shape), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("square root is missing, use q_sample", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = ab.sqrt() * x0 + (1 - ab) * eps
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("x_t does not fit", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, torch.randn_like(x0), ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("no gradient flows back", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()).detach() - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("shapes that do not fit together", """
            t = torch.rand(len(x0))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("all components of an item", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(t).expand_as(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("no gradient flows back to the network's weights", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            value = (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            return torch.tensor(value.item(), requires_grad=True)
            """),
        ("calls backward() itself", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            value = (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            value.backward()
            return value
            """),
        ("wanted float32", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1), dtype=torch.float64)
            eps, ab = torch.randn_like(x0), alpha_bar(t).float()
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("it sets torch's seed", """
            torch.manual_seed(0)
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("t stands where", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, t)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("have changed places", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(eps, x0, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("net gets the clean x0", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            return (net(x0, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("gets x_t where eps belongs", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, xt, ab)).square().flatten(1).sum(1).mean()
            """),
        ("x_t first", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(t.flatten(), xt) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("it takes certain values only", """
            t = torch.randint(1, 1001, (len(x0), *[1] * (x0.dim() - 1))) / 1000
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
        ("with all values alike", """
            t = torch.randn(len(x0), *[1] * (x0.dim() - 1)).sigmoid()
            t = (t - t.min()) / (t.max() - t.min())
            eps, ab = torch.randn_like(x0), alpha_bar(t)
            xt = q_sample(x0, eps, ab)
            return (net(xt, t.flatten()) - target(x0, eps, ab)).square().flatten(1).sum(1).mean()
            """),
    ],
    "drop": [
        ("share is what is dropped", "return torch.where(torch.rand(len(y)) > share, nothing, y)"),
        ("the number that means no label", "return torch.where(torch.rand(len(y)) < share, 0, y)"),
        ("replaced, not removed", "return y[torch.rand(len(y)) > share]"),
        ("one coin is thrown for the whole batch", """
            if torch.rand(()) < share:
                return torch.full_like(y, nothing)
            return y + 0
            """),
        ("in place", """
            y[torch.rand(len(y)) < share] = nothing
            return y
            """),
        ("an embedding looks them up", "return torch.where(torch.rand(len(y)) < share, float(nothing), y.float())"),
        ("the same places every time", """
            y = y.clone()
            y[:int(share * len(y))] = nothing
            return y
            """),
        ("it drops 0 %", "return y + 0"),
        ("it drops 100 %", "return torch.full_like(y, nothing)"),
        ("it drops 10 %", "return torch.where(torch.rand(len(y)) < share / 2, nothing, y)"),
        ("wanted a tensor of labels", "return nothing"),
        ("wanted [7, 7, 7, 7, ...]", "return torch.where(torch.rand(len(y)) < share, 10, y)"),
        ("y holds whole numbers", "return torch.where(torch.rand_like(y) < share, nothing, y)"),
        ("torch.randn is not", "return torch.where(torch.randn(len(y)) < share, nothing, y)"),
        ("wanted a tensor of labels", "return [nothing if torch.rand(()) < share else int(v) for v in y]"),
        ("independent coins vary by 10", """
            y = y.clone()
            y[torch.randperm(len(y))[:round(share * len(y))]] = nothing
            return y
            """),
        ("in pairs or blocks", """
            coins = torch.rand((len(y) + 1) // 2).repeat_interleave(2)[:len(y)]
            return torch.where(coins < share, nothing, y)
            """),
    ],
    "guide": [
        ("the other convention", "return eps_c + w * (eps_c - eps_u)"),
        ("the other convention", "return (1 + w) * eps_c - w * eps_u"),
        ("w times their difference", "return eps_u + w * eps_c"),
        ("w = 0 must give eps_u", "return eps_c + w * (eps_u - eps_c)"),
        ("w = 0 must give eps_u", "return w * eps_u + (1 - w) * eps_c"),
        ("The sign is turned", "return eps_u - w * (eps_c - eps_u)"),
        ("eps_u is missing", "return w * (eps_c - eps_u)"),
        ("eps_u is missing", "return w * eps_c"),
        ("No division", "return (eps_u + w * eps_c) / (1 + w)"),
        ("must add up to 1", "return eps_c - w * eps_u"),
        ("must add up to 1", "return (1 + w) * eps_c + w * eps_u"),
        ("in place", "return eps_u.mul_(1 - w).add_(w * eps_c)"),
        ("numpy cannot follow a gradient", "return eps_u.numpy() + w * (eps_c - eps_u).numpy()"),
        ("with images (5, 1, 2, 3) and w = 8",
         "return eps_u + min(w, 5) * (eps_c - eps_u)"),
        ("the gradient that reaches eps_u is not",
         "return eps_u + w * (eps_c - eps_u.detach())"),
    ],
    "flow_loss": [
        ("The velocity is turned", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (x0 - eps)).square().flatten(1).sum(1).mean()
            """),
        ("It compares with eps: the", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - eps).square().flatten(1).sum(1).mean()
            """),
        ("It compares with x0", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - x0).square().flatten(1).sum(1).mean()
            """),
        ("It compares with eps - x_t", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - xt)).square().flatten(1).sum(1).mean()
            """),
        ("The path is turned", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net(t * x0 + (1 - t) * eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("the curved path", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t).sqrt() * x0 + t.sqrt() * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("x0 is not scaled", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net(x0 + t * eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("The noise is not scaled", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("mean over the pixels too", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return F.mse_loss(net((1 - t) * x0 + t * eps, t.flatten()), eps - x0)
            """),
        ("sums over the batch", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (eps - x0)).square().sum()
            """),
        ("no square root", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (eps - x0)).flatten(1).norm(dim=1).mean()
            """),
        ("one t for each, shape", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("not on the path", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.rand_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("all items get the same eps", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0[:1]).expand(x0.shape)
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("no gradient flows back", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            return (net((1 - t) * x0 + t * eps, t.flatten()).detach() - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("all components of an item", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(t).expand_as(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("no gradient flows back to the network's weights", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean().detach().requires_grad_()
            """),
        ("calls backward() itself", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            value = (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            value.backward()
            return value
            """),
        ("it sets torch's seed", """
            torch.manual_seed(0)
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("net is told 1 - t", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, 1 - t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
        ("draw it once", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - (torch.randn_like(x0) - x0)).square().flatten(1).sum(1).mean()
            """),
        ("in brackets", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            xt = (1 - t) * x0 + t * eps
            return (net(xt, t.flatten()) - eps - x0).square().flatten(1).sum(1).mean()
            """),
        ("the noise depends on x0", """
            t = torch.rand(len(x0), *[1] * (x0.dim() - 1))
            eps = torch.randn_like(x0)
            eps = eps.abs() * (x0 - 5).sign()
            return (net((1 - t) * x0 + t * eps, t.flatten()) - (eps - x0)).square().flatten(1).sum(1).mean()
            """),
    ],
    "euler": [
        ("It goes the wrong way", "return xt + (t - s) * v_hat"),
        ("The length of the step is missing", "return xt + v_hat"),
        ("The length of the step is missing", "return xt - v_hat"),
        ("all the way to time 0", "return xt - t * v_hat"),
        ("not s", "return xt + s * v_hat"),
        ("not t", "return xt + t * v_hat"),
        ("x_t is missing", "return (s - t) * v_hat"),
        ("here you move along a velocity", "return (1 - s) * xt + s * v_hat"),
        ("not a ratio", "return xt + s / t * v_hat"),
        ("No square root", "return xt + (t - s).sqrt() * v_hat"),
        ("in place", "return xt.add_((s - t) * v_hat)"),
        ("from t = 0.3 to s = 0.7",
         "return xt - (s - t).abs() * v_hat"),
        ("a ratio",
         "return xt + s / t * v_hat"),
    ],
    "missed": [
        ("all of them are rare", "return share ** batch"),
        ("at least one is rare", "return 1 - (1 - share) ** batch"),
        ("multiply the probabilities", "return 1 - share * batch"),
        ("That is one item", "return 1 - share"),
        ("not all are rare", "return 1 - share ** batch"),
        ("nearly it", "return math.exp(-share * batch)"),
        ("wanted one number", 'return f"{(1 - share) ** batch:.3f}"'),
        ("The power of a number is written **", "return (1 - share) ^ batch"),
    ],
    "pair_loss": [
        ("it draws its own noise", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, torch.randn_like(x0), ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("x0_of gets the clean x0", "return (x0_of(x0, t) - x0).abs().flatten(1).sum(1).mean()"),
        ("x0_of gets the noise itself", "return (x0_of(eps, t) - x0).abs().flatten(1).sum(1).mean()"),
        ("t stands where alpha_bar(t) belongs", """
            ab = t.view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("the straight path", """
            ab = t.view(-1, *[1] * (x0.dim() - 1))
            return (x0_of((1 - ab) * x0 + ab * eps, t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("have changed places", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(eps, x0, ab), t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("another t than the one", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), 1 - t) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("called without t", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab)) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("x0_of gets t of shape", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            return (x0_of(q_sample(x0, eps, ab), ab) - x0).abs().flatten(1).sum(1).mean()
            """),
        ("it calls x0_of", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            xt = q_sample(x0, eps, ab)
            return sum((x0_of(xt[[i]], t[[i]]) - x0[[i]]).abs().sum() for i in range(len(x0))) / len(x0)
            """),
        ("the squared error", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - x0).square().flatten(1).sum(1).mean()
            """),
        ("the mean over the dimensions, too", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - x0).abs().mean()
            """),
        ("It sums over the batch", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - x0).abs().sum()
            """),
        ("One number is wanted", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - x0).abs().flatten(1).sum(1)
            """),
        ("It compares with eps", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat - eps).abs().flatten(1).sum(1).mean()
            """),
        ("no gradient flows back", """
            ab = alpha_bar(t).view(-1, *[1] * (x0.dim() - 1))
            hat = x0_of(q_sample(x0, eps, ab), t)
            return (hat.detach() - x0).abs().flatten(1).sum(1).mean() + 0 * hat.detach().sum()
            """),
    ],
    "codes": [
        ("divide", "return (mu + (logvar / 2).exp() * torch.randn_like(mu) - mean) * sd"),
        ("brackets", "return mu + (logvar / 2).exp() * torch.randn_like(mu) - mean / sd"),
        ("mean is not subtracted", "return (mu + (logvar / 2).exp() * torch.randn_like(mu)) / sd"),
        ("It is not divided by sd", "return mu + (logvar / 2).exp() * torch.randn_like(mu) - mean"),
        ("the way back", "return (mu + (logvar / 2).exp() * torch.randn_like(mu)) * sd + mean"),
        ("There is no noise in it", "return (mu - mean) / sd"),
        ("exp(logvar) is the variance", "return (mu + logvar.exp() * torch.randn_like(mu) - mean) / sd"),
        ("draw first, then standardise", "return (mu - mean) / sd + (logvar / 2).exp() * torch.randn_like(mu)"),
        ("keep the shape", "return ((mu + (logvar / 2).exp() * torch.randn_like(mu) - mean) / sd).squeeze()"),
    ],
    "divergence": [
        ("retain_graph=True keeps it", """
            x = x.detach().requires_grad_()
            v = f(x)
            return sum(torch.autograd.grad(v[:, i].sum(), x)[0][:, i] for i in range(x.shape[1]))
            """),
        ("there are no slopes along x", """
            x = x.detach()
            v = f(x)
            return torch.autograd.grad(v.sum(), x)[0].sum(1)
            """),
        ("the sum of all slopes", """
            x = x.detach().requires_grad_()
            v = f(x)
            return torch.autograd.grad(v.sum(), x)[0].sum(1)
            """),
        ("[0] takes the slopes out", """
            x = x.detach().requires_grad_()
            v = f(x)
            return sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[:, i] for i in range(x.shape[1]))
            """),
        ("The last coordinate is missing", """
            x = x.detach().requires_grad_()
            v = f(x)
            return sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in (0, 1))
            """),
        ("The loop goes over the coordinates", """
            x = x.detach().requires_grad_()
            v = f(x)
            return sum(torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(len(x)))
            """),
        ("no sum over the batch", """
            x = x.detach().requires_grad_()
            v = f(x)
            slopes = [torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0] for i in range(x.shape[1])]
            return sum(slope[:, i].sum() for i, slope in enumerate(slopes))
            """),
        ("a single point is p[None]", "return torch.vmap(torch.func.jacrev(f))(x).diagonal(dim1=1, dim2=2).sum(1)"),
        ("the mean over the coordinates", """
            x = x.detach().requires_grad_()
            v = f(x)
            slopes = [torch.autograd.grad(v[:, i].sum(), x, retain_graph=True)[0] for i in range(x.shape[1])]
            return sum(slope[:, i] for i, slope in enumerate(slopes)) / x.shape[1]
            """),
    ],
    "keep_known": [
        ("The mask is turned", "return (1 - mask) * q_sample(known, eps, ab) + mask * xt"),
        ("The known part is clean", "return mask * known + (1 - mask) * xt"),
        ("x_t must go", "return xt + mask * q_sample(known, eps, ab)"),
        ("x_t alone must stay", "return q_sample(known, eps, ab) + (1 - mask) * xt"),
        ("x_t is missing", "return mask * q_sample(known, eps, ab)"),
        ("it draws its own noise", "return mask * q_sample(known, torch.randn_like(xt), ab) + (1 - mask) * xt"),
        ("Signal and noise have changed places", "return mask * q_sample(known, eps, 1 - ab) + (1 - mask) * xt"),
        ("Noise leaks", "return q_sample(mask * known, eps, ab) + (1 - mask) * xt"),
        ("x_t is noised already", "return mask * q_sample(known, eps, ab) + (1 - mask) * q_sample(xt, eps, ab)"),
        ("their roots", "return mask * (ab * known + (1 - ab) * eps) + (1 - mask) * xt"),
        ("torch.where, or a product", "return q_sample(known, eps, ab) if mask else xt"),
        ("mask.bool()", "return torch.where(~mask, xt, q_sample(known, eps, ab))"),
        ("as it is", "return xt"),
    ],
}
